/* checkImage: proves that the image in memory is the one that was linked, or says that it is not and halts
   with code 3. A flipped bit would otherwise show anywhere and much later. The sum is taken of the words from
   HeapBase to the image's end (a multiple of 32 bytes), each added to the sum so far rotated right by one, so
   that words in another order have another sum; it begins with the oop of the special objects. That, the end and the sum
   itself lie in the image's header, before HeapBase. About two and a half cycles a word.
   Only for a memory fresh from the loader: a machine that has run must be loaded again. Uses all but sp. */
checkImage:
    ldr     r0, =imageHeader
    ldmia   r0, {r1, r2}
    ldr     r0, =HeapBase
    mov     r12, lr
sumNext:
    cmp     r0, r1
    bcs     sumDone
    ldmia   r0!, {r3-r10}
    add     r2, r3, r2, ror #1
    add     r2, r4, r2, ror #1
    add     r2, r5, r2, ror #1
    add     r2, r6, r2, ror #1
    add     r2, r7, r2, ror #1
    add     r2, r8, r2, ror #1
    add     r2, r9, r2, ror #1
    add     r2, r10, r2, ror #1
    b       sumNext                         /* <bound: (imageEnd - HeapBase) / 32> */
sumDone:
    ldr     r3, =imageChecksum
    ldr     r3, [r3]
    cmp     r2, r3
    bxeq    r12                             /* <returns> */

    mov     r4, r2
    mov     r5, r3
    ldr     r0, =corruptText
    bl      putString
    mov     r0, r4
    bl      putHexadecimal
    ldr     r0, =expectedText
    bl      putString
    mov     r0, r5
    bl      putHexadecimal
    ldr     r0, =reloadText
    bl      putString
    mov     r0, #3
    b       haltMachine
    .ltorg

corruptText:    .asciz "\n*** the image is corrupt: its checksum is "
expectedText:   .asciz ", not "
reloadText:     .asciz "\n    Load the firmware again; if that does not help, build it again.\n*** halted\n"
    .balign 4
