/* Programming and erasing with the commands of docs/flash.md, and a file that has come over the line made a slot.
   Nothing else runs, so all of it is polled, with pauses. */

/* showArray: r0 anywhere in the flash: reads give what is stored from here on. Uses r1. */
showArray:
    mov     r1, #0xff
    str     r1, [r0]
    bx      lr

/* clearFlashWord: r0 the address of a word of the flash whose bits are all cleared. Uses r1-r3. */
clearFlashWord:
    stmdb   sp!, {r4, lr}
    mov     r4, r0
    mov     r1, #0x40
    str     r1, [r4]
    mov     r1, #0
    str     r1, [r4]
    bl      awaitFlash
    ldmia   sp!, {r4, pc}

/* awaitFlash: r4 where something has been begun -> r0 the errors, 0 for none. The array is shown again. The status comes in
   both halves of the word, from two chips on a real board. Uses r1-r3. */
awaitFlash:
    mov     r3, lr
    ldr     r2, =0x00800080                 /* ready */
lookAtStatus:
    ldr     r0, [r4]
    and     r1, r0, r2
    cmp     r1, r2
    beq     flashIsReady
    bl      pause
    b       lookAtStatus
flashIsReady:
    ldr     r1, =0x00300030                 /* erase error, program error */
    and     r0, r0, r1
    mov     r1, #0x50
    str     r1, [r4]
    mov     r1, #0xff
    str     r1, [r4]
    bx      r3                              /* <returns> */

/* programPage: r0 a page of the flash, r1 the page's words in RAM -> r0 the errors. Uses r1-r3, r12. */
programPage:
    stmdb   sp!, {r4, r5, lr}
    mov     r4, r0
    mov     r5, r1
    mov     r1, #0xe8
    str     r1, [r4]
    ldr     r1, =LAST_PAGE_WORD
    str     r1, [r4]
    mov     r2, r4
    add     r3, r5, #PAGE_BYTES
fillBuffer:
    ldr     r1, [r5], #4
    str     r1, [r2], #4
    cmp     r5, r3
    bcc     fillBuffer
    mov     r1, #0xd0
    str     r1, [r4]
    bl      awaitFlash
    ldmia   sp!, {r4, r5, pc}

/* installFile: the file at RECEIVED becomes a slot, the older one if its sectors can be written. It is confirmed: there is
   nothing to fall back to. The header is written last. */
installFile:
    stmdb   sp!, {r4-r7, lr}
    ldr     r4, =RECEIVED
    mov     r0, r4
    bl      isHeaderGood
    cmp     r0, #0
    ldreq   r0, =notFirmwareText
    beq     installIsDone
    ldr     r5, [r4, #PAYLOAD_SIZE]
    mvn     r0, #0
    add     r1, r4, #PAYLOAD
    add     r2, r1, r5
    bl      addToChecksum
    mvn     r0, r0
    ldr     r1, [r4, #PAYLOAD_CHECKSUM]
    cmp     r0, r1
    bne     receivedIsDamaged

    mov     r0, #0
    bl      generationOf
    mov     r6, r0
    mov     r0, #1
    bl      generationOf
    cmp     r6, r0
    movls   r7, #0
    movhi   r7, #1
    movls   r6, r0
    add     r6, r6, #1
    str     r6, [r4, #GENERATION]
    mvn     r0, r6
    str     r0, [r4, #GENERATION_COMPLEMENT]
    mov     r0, #0
    str     r0, [r4, #CONFIRMED]
    mov     r0, r7
    bl      writeSlot
    cmp     r0, #0
    beq     installed
    eor     r0, r7, #1
    bl      writeSlot
    cmp     r0, #0
installed:
    ldreq   r0, =writtenText
    ldrne   r0, =wornText
installIsDone:
    bl      putString
    ldmia   sp!, {r4-r7, pc}
receivedIsDamaged:
    mov     r5, r0
    mov     r6, r1
    ldr     r0, =fileText
    bl      putString
    mov     r0, r5
    mov     r1, r6
    bl      putChecksums
    ldmia   sp!, {r4-r7, pc}

/* generationOf: r0 the slot -> r0 the generation in its header, 0 when there is none. Uses r1, r2. */
generationOf:
    mov     r2, lr
    bl      headerOf
    ldr     r1, [r0, #GENERATION_COMPLEMENT]
    ldr     r0, [r0, #GENERATION]
    mvn     r1, r1
    cmp     r0, r1
    movne   r0, #0
    bx      r2                              /* <returns> */

/* writeSlot: r0 the slot, which gets what is at RECEIVED -> r0 the flash's errors. */
writeSlot:
    stmdb   sp!, {r4-r7, lr}
    mov     r5, r0
    bl      putSlot
    ldr     r0, =writingText
    bl      putString
    mov     r0, r5
    bl      flashOf
    mov     r4, r0
    mov     r7, r0
    ldr     r5, =RECEIVED
    ldr     r6, [r5, #PAYLOAD_SIZE]
    add     r6, r6, #PAYLOAD
    add     r6, r6, r0
eraseNext:
    mov     r1, #0x20
    str     r1, [r4]
    mov     r1, #0xd0
    str     r1, [r4]
    bl      awaitFlash
    cmp     r0, #0
    bne     slotIsWritten
    add     r4, r4, #SECTOR_BYTES
    cmp     r4, r6
    bcc     eraseNext
    mov     r4, r7
programNext:
    add     r4, r4, #PAGE_BYTES
    cmp     r4, r6
    movcs   r4, r7                          /* the first page, with the header, is the last one that is written */
    mov     r0, r4
    sub     r1, r4, r7
    add     r1, r5, r1
    bl      programPage
    cmp     r0, #0
    bne     slotIsWritten
    cmp     r4, r7
    bne     programNext
slotIsWritten:
    ldmia   sp!, {r4-r7, pc}
    .ltorg

notFirmwareText:    .asciz "what came is no firmware, or is damaged\n"
fileText:           .asciz "what came: "
writingText:        .asciz "is being written\n"
writtenText:        .asciz "written\n"
wornText:           .asciz "*** the flash cannot be written\n"
    .balign 4
