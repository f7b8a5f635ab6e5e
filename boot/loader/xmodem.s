/* A file over UART0 with XMODEM-CRC, blocks of 128 or 1,024 bytes, or with YMODEM, which has a block with the file's name
   before the others and says when there are no more files. It is received in RAM, from RECEIVED on.

   After Chuck Forsberg's XMODEM/YMODEM protocol reference (1988). The receiver asks, with C until the first block has come,
   with NAK for a block that was damaged; the sender waits for each ACK. */

/* getByte: r0 how many ticks of the 24 MHz counter it may take -> r0 the byte, or a negative number when none came or a
   damaged one. Uses r1-r3. */
getByte:
    stmdb   sp!, {r4-r6, lr}
    ldr     r4, =SYSTEM
    ldr     r5, =UART0
    ldr     r6, [r4, #SYSTEM_SYS_24MHZ]
lookForByte:
    ldr     r1, [r5, #UART0_FR]
    tst     r1, #0x10                       /* RXFE */
    beq     takeByte
    ldr     r1, [r4, #SYSTEM_SYS_24MHZ]
    sub     r1, r1, r6
    cmp     r1, r0
    mvncs   r0, #0
    ldmiacs sp!, {r4-r6, pc}
    bl      pause                           /* six characters' time; the FIFO has room for 16 */
    b       lookForByte
takeByte:
    ldr     r0, [r5, #UART0_DR]
    tst     r0, #0xf00                      /* overrun, break, parity, framing */
    mvnne   r0, #1
    ldmia   sp!, {r4-r6, pc}

/* getSoon: a byte inside a block, which may be a second late. */
getSoon:
    ldr     r0, =BYTE_TICKS
    b       getByte

/* awaitSilence: until nothing has come for a fifth of a second. */
awaitSilence:
    stmdb   sp!, {r4, lr}
moreNoise:
    ldr     r0, =SILENCE_TICKS
    bl      getByte
    cmn     r0, #1
    bne     moreNoise
    ldmia   sp!, {r4, pc}

/* receiveBlock: r0 its size, r1 where to put it -> r0 the number that it says it has, negative when it is damaged. */
receiveBlock:
    stmdb   sp!, {r4-r8, lr}
    mov     r4, r1
    add     r5, r1, r0
    bl      getSoon
    mov     r6, r0
    bl      getSoon
    add     r0, r0, r6
    cmp     r0, #255
    bne     blockIsDamaged
    mov     r7, #0
    mov     r8, #2                          /* bytes of the CRC, which go through it, too, and leave 0 */
nextBlockByte:
    bl      getSoon
    cmp     r0, #0
    bmi     blockIsDamaged
    cmp     r4, r5
    strbcc  r0, [r4], #1
    subcs   r8, r8, #1
    eor     r7, r7, r0, lsl #24
    mov     r1, #8
    ldr     r2, =0x10210000                 /* CRC-16: the polynomial of XMODEM, in the upper half */
nextBlockBit:
    movs    r7, r7, lsl #1
    eorcs   r7, r7, r2
    subs    r1, r1, #1
    bne     nextBlockBit
    cmp     r8, #0
    bne     nextBlockByte
    cmp     r7, #0
    moveq   r0, r6
    ldmiaeq sp!, {r4-r8, pc}
blockIsDamaged:
    mvn     r0, #0
    ldmia   sp!, {r4-r8, pc}

/* receiveFile: r0 not 0 when a file is at RECEIVED; 0 when the sender gave up, is out of step or sends too much.
   r4 where the next block goes, r5 its number, r6 1 for YMODEM, r7 what asks for it, r8 the size of the one that comes. */
receiveFile:
    stmdb   sp!, {r4-r8, lr}
    ldr     r4, =RECEIVED
    mov     r5, #1
    mov     r6, #0
    mov     r7, #67                         /* C */
askForBlock:
    mov     r0, r7
    bl      putCharacter
awaitBlock:
    ldr     r0, =BLOCK_TICKS
    bl      getByte
    cmn     r0, #1
    beq     askForBlock
    cmp     r0, #1                          /* SOH */
    moveq   r8, #128
    beq     takeBlock
    cmp     r0, #2                          /* STX */
    moveq   r8, #1024
    beq     takeBlock
    cmp     r0, #4                          /* EOT */
    beq     fileEnds
    cmp     r0, #24                         /* CAN, twice */
    bne     askAgain
    bl      getSoon
    cmp     r0, #24
    beq     giveUp
askAgain:
    bl      awaitSilence
    b       askForBlock

takeBlock:
    mov     r0, r8
    mov     r1, r4
    bl      receiveBlock
    cmp     r0, #0
    bmi     askAgain
    cmp     r0, r5
    beq     acceptBlock
    sub     r1, r5, #1
    and     r1, r1, #255
    cmp     r0, r1
    bne     outOfStep
    ldr     r1, =RECEIVED
    cmp     r4, r1
    bne     acknowledge                     /* once more, because the ACK was lost */
    mov     r6, #1                          /* before the first: YMODEM's, with the file's name */
    mov     r0, #6
    bl      putCharacter
    b       askForBlock
acceptBlock:
    mov     r7, #21                         /* NAK */
    add     r4, r4, r8
    add     r5, r5, #1
    and     r5, r5, #255
    ldr     r1, =RECEIVED_STOP
    cmp     r4, r1
    bcs     outOfStep
acknowledge:
    mov     r0, #6                          /* ACK */
    bl      putCharacter
    b       awaitBlock

fileEnds:
    ldr     r1, =RECEIVED
    cmp     r4, r1
    beq     askAgain
    mov     r0, #6
    bl      putCharacter
    cmp     r6, #0
    beq     fileIsThere
    mov     r0, #67
    bl      putCharacter
    ldr     r0, =BLOCK_TICKS
    bl      getByte
    cmp     r0, #4                          /* EOT again, because the ACK was lost */
    beq     fileEnds
    mov     r0, #128                        /* the block without a name: no more files */
    mov     r1, r4
    bl      receiveBlock
    mov     r0, #6
    bl      putCharacter
fileIsThere:
    bl      awaitSilence
    mov     r0, #1
    ldmia   sp!, {r4-r8, pc}
outOfStep:
    mov     r0, #24
    bl      putCharacter
    mov     r0, #24
    bl      putCharacter
giveUp:
    bl      awaitSilence
    mov     r0, #0
    ldmia   sp!, {r4-r8, pc}
    .ltorg
