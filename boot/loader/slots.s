/* The two slots: their headers, what they are good for, and how a firmware gets from flash to RAM. A slot's number is
   0 or 1. Its header is looked at in RAM, in HEADERS; the same routines serve a file that has come over the line. */

/* headerOf: r0 the slot -> r0 where the copy of its header is. */
headerOf:
    ldr     r1, =HEADERS
    add     r0, r1, r0, lsl #HEADER_SHIFT
    bx      lr

/* flashOf: r0 the slot -> r0 where it is in flash. Uses r1, r2. */
flashOf:
    ldr     r1, =FIRST_SLOT
    ldr     r2, =SLOT_BYTES
    mla     r0, r2, r0, r1
    bx      lr

/* lookAtSlot: r0 the slot. Copies its header and gives it a rank in SLOT_RANKS: its generation, or 0 when it cannot be
   started, which is told. */
lookAtSlot:
    stmdb   sp!, {r4-r6, lr}
    mov     r4, r0
    bl      headerOf
    mov     r5, r0
    mov     r0, r4
    bl      flashOf
    mov     r1, r5
    add     r2, r5, #HEADER_BYTES
copyHeader:
    ldr     r3, [r0], #4
    str     r3, [r1], #4
    cmp     r1, r2
    bcc     copyHeader
    mov     r6, #0
    ldr     r0, [r5, #MAGIC]
    cmn     r0, #1
    ldreq   r1, =emptyText
    beq     rejectSlot
    mov     r0, r5
    bl      isHeaderGood
    cmp     r0, #0
    ldr     r1, =damagedHeaderText
    beq     rejectSlot
    ldr     r0, [r5, #GENERATION]
    ldr     r2, [r5, #GENERATION_COMPLEMENT]
    mvn     r2, r2
    cmp     r0, r2
    bne     rejectSlot
    mov     r6, r0
    ldr     r0, [r5, #CONFIRMED]
    cmp     r0, #0
    beq     rankSlot
    add     r1, r5, #TRIED
    mov     r2, #TRIES
lookForTry:
    ldr     r0, [r1], #4
    cmn     r0, #1
    beq     rankSlot
    subs    r2, r2, #1
    bne     lookForTry
    mov     r6, #0
    ldr     r1, =unconfirmedText
rejectSlot:
    mov     r5, r1
    mov     r0, r4
    bl      putSlot
    mov     r0, r5
    bl      putString
rankSlot:
    ldr     r1, =SLOT_RANKS
    str     r6, [r1, r4, lsl #2]
    ldmia   sp!, {r4-r6, pc}

/* isHeaderGood: r0 where a header is in RAM -> r0 not 0 when it is whole and what it says is possible. */
isHeaderGood:
    stmdb   sp!, {r4-r7, lr}
    mov     r4, r0
    ldr     r1, [r4, #MAGIC]
    ldr     r2, =MAGIC_VALUE
    cmp     r1, r2
    bne     headerIsBad
    mvn     r0, #0
    mov     r1, r4
    add     r2, r4, #HEADER_CHECKSUM
    bl      addToChecksum
    mvn     r0, r0
    ldr     r1, [r4, #HEADER_CHECKSUM]
    cmp     r0, r1
    bne     headerIsBad
    ldr     r5, [r4, #SEGMENT_COUNT]
    cmp     r5, #MOST_SEGMENTS
    bhi     headerIsBad
    add     r6, r4, #SEGMENTS
    mov     r7, #0
nextHeaderSegment:
    subs    r5, r5, #1
    bmi     segmentsAreGood
    ldmia   r6!, {r0, r1}
    orr     r2, r0, r1
    tst     r2, #31                         /* loadSlot copies eight words at a time */
    bne     headerIsBad
    cmp     r0, #FIRMWARE_BASE
    bcc     headerIsBad
    ldr     r2, =RAM_STOP
    cmp     r0, r2
    bcs     headerIsBad
    sub     r2, r2, r0
    cmp     r1, r2
    bhi     headerIsBad
    add     r7, r7, r1
    b       nextHeaderSegment
segmentsAreGood:
    ldr     r1, [r4, #PAYLOAD_SIZE]
    cmp     r1, r7
    bne     headerIsBad
    ldr     r0, =MOST_PAYLOAD
    cmp     r1, r0
    bhi     headerIsBad
    ldr     r0, [r4, #ENTRY]
    sub     r0, r0, #FIRMWARE_BASE
    ldr     r1, =FIRMWARE_ROOM
    cmp     r0, r1
    movcc   r0, #1
    ldmiacc sp!, {r4-r7, pc}
headerIsBad:
    mov     r0, #0
    ldmia   sp!, {r4-r7, pc}

/* loadSlot: r0 the slot -> r0 the entry of its firmware, which is in RAM, or 0 when that is not what was written, which
   is told. The checksum is taken of what has arrived in RAM. */
loadSlot:
    stmdb   sp!, {r4-r12, lr}
    sub     sp, sp, #16
    str     r0, [sp]
    bl      headerOf
    str     r0, [sp, #4]
    add     r11, r0, #SEGMENTS
    ldr     r12, [r0, #SEGMENT_COUNT]
    ldr     r0, [sp]
    bl      flashOf
    add     r10, r0, #PAYLOAD
    mvn     r0, #0
    str     r0, [sp, #8]
nextSegment:
    subs    r12, r12, #1
    bmi     segmentsAreLoaded
    ldmia   r11!, {r0, r1}
    str     r0, [sp, #12]
    add     lr, r0, r1
copySegment:
    cmp     r0, lr
    bcs     segmentIsCopied
    ldmia   r10!, {r2-r9}
    stmia   r0!, {r2-r9}
    b       copySegment
segmentIsCopied:
    mov     r9, r12
    mov     r2, r0
    ldr     r0, [sp, #8]
    ldr     r1, [sp, #12]
    bl      addToChecksum
    str     r0, [sp, #8]
    mov     r12, r9
    b       nextSegment
segmentsAreLoaded:
    ldr     r0, [sp, #8]
    mvn     r4, r0
    ldr     r5, [sp, #4]
    ldr     r6, [r5, #PAYLOAD_CHECKSUM]
    cmp     r4, r6
    ldreq   r0, [r5, #ENTRY]
    beq     slotIsLoaded
    ldr     r0, [sp]
    bl      putSlot
    mov     r0, r4
    mov     r1, r6
    bl      putChecksums
    mov     r0, #0
slotIsLoaded:
    add     sp, sp, #16
    ldmia   sp!, {r4-r12, pc}

/* putChecksums: r0 a checksum that is wrong, r1 what it should be; the end of a line that says so. */
putChecksums:
    stmdb   sp!, {r4, r5, lr}
    mov     r4, r0
    mov     r5, r1
    ldr     r0, =checksumText
    bl      putString
    mov     r0, r4
    bl      putHexadecimal
    ldr     r0, =notText
    bl      putString
    mov     r0, r5
    bl      putHexadecimal
    ldr     r0, =lineEndText
    bl      putString
    ldmia   sp!, {r4, r5, pc}

/* putSlot: r0 the slot; the beginning of a line about it. */
putSlot:
    stmdb   sp!, {r4, lr}
    mov     r4, r0
    ldr     r0, =slotText
    bl      putString
    add     r0, r4, #65                     /* $A */
    bl      putCharacter
    ldr     r0, =colonText
    bl      putString
    ldmia   sp!, {r4, pc}

/* putDecimal: r0 a number, without leading zeros. */
putDecimal:
    stmdb   sp!, {r4, lr}
    mov     r1, #0
divideByTen:
    cmp     r0, #10
    subcs   r0, r0, #10
    addcs   r1, r1, #1
    bcs     divideByTen
    add     r4, r0, #48                     /* $0 */
    movs    r0, r1
    beq     putLastDigit
    bl      putDecimal
putLastDigit:
    mov     r0, r4
    bl      putCharacter
    ldmia   sp!, {r4, pc}

/* makeChecksumTable: CRC-32 (IEEE 802.3, reflected) of each byte, at CHECKSUM_TABLE. */
makeChecksumTable:
    ldr     r0, =CHECKSUM_TABLE
    ldr     r3, =0xedb88320
    mov     r1, #0
nextChecksumByte:
    mov     r2, r1
    mov     r12, #8
nextChecksumBit:
    movs    r2, r2, lsr #1
    eorcs   r2, r2, r3
    subs    r12, r12, #1
    bne     nextChecksumBit
    str     r2, [r0], #4
    add     r1, r1, #1
    cmp     r1, #256
    bcc     nextChecksumByte
    bx      lr

/* addToChecksum: r0 the CRC-32 so far, inverted (-1 at first), r1 and r2 where whole words begin and end -> r0.
   Uses r3, r12. */
addToChecksum:
    stmdb   sp!, {r4, lr}
    ldr     r3, =CHECKSUM_TABLE
nextChecksumWord:
    cmp     r1, r2
    ldmiacs sp!, {r4, pc}
    ldr     r12, [r1], #4
    eor     r0, r0, r12
    and     r12, r0, #255                   /* the four bytes, written out */
    ldr     r4, [r3, r12, lsl #2]
    eor     r0, r4, r0, lsr #8
    and     r12, r0, #255
    ldr     r4, [r3, r12, lsl #2]
    eor     r0, r4, r0, lsr #8
    and     r12, r0, #255
    ldr     r4, [r3, r12, lsl #2]
    eor     r0, r4, r0, lsr #8
    and     r12, r0, #255
    ldr     r4, [r3, r12, lsl #2]
    eor     r0, r4, r0, lsr #8
    b       nextChecksumWord
    .ltorg

slotText:           .asciz "slot "
colonText:          .asciz ": "
emptyText:          .asciz "no firmware\n"
damagedHeaderText:  .asciz "its header is damaged\n"
unconfirmedText:    .asciz "never confirmed, and no start is left\n"
checksumText:       .asciz "the firmware's checksum is "
notText:            .asciz ", not "
    .balign 4
