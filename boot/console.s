/* Polled output on UART0, for what must be heard when nothing else works: emergency messages and
   fault dumps. The interrupt-driven driver in Smalltalk takes the same UART over later. */

/* enableConsole: UART0 on, 115,200 8N1, FIFOs on. Divisors come from the chip's clock. Uses r0, r1. */
enableConsole:
    ldr     r0, =UART0
    mov     r1, #UART0_BAUD_INTEGER
    str     r1, [r0, #UART0_IBRD]
    mov     r1, #UART0_BAUD_FRACTION
    str     r1, [r0, #UART0_FBRD]
    mov     r1, #0x70                       /* LCRH: 8 bits, FIFOs; the write latches the divisors */
    str     r1, [r0, #UART0_LCRH]
    ldr     r1, =0x301                      /* CR: receive, transmit, enable */
    str     r1, [r0, #UART0_CR]
    bx      lr

/* putCharacter: r0 the byte. Waits while the transmit FIFO is full, but not for ever: after
   some fifteen character times the byte is dropped, so a stuck UART cannot hang the caller. Between
   two looks at the UART it counts a while, to leave the bus alone. Uses r0-r3. */
putCharacter:
    ldr     r1, =UART0
    mov     r2, #1024
putWait:
    ldr     r3, [r1, #UART0_FR]
    tst     r3, #0x20                       /* TXFF */
    beq     putNow
    mov     r3, #64
putPause:
    subs    r3, r3, #1
    bne     putPause                        /* <bound: 64> */
    subs    r2, r2, #1
    bne     putWait                         /* <bound: 1024> */
    bx      lr
putNow:
    str     r0, [r1, #UART0_DR]
    bx      lr

/* offerCharacter: r0 the byte -> r0 1 when it goes out, 0 when the transmit FIFO is full. Uses r1, r2. */
offerCharacter:
    ldr     r1, =UART0
    ldr     r2, [r1, #UART0_FR]
    tst     r2, #0x20                       /* TXFF */
    streq   r0, [r1, #UART0_DR]
    moveq   r0, #1
    movne   r0, #0
    bx      lr

/* putString: r0 address of a zero-terminated text. Line feeds in it go out as CR LF. */
putString:
    stmdb   sp!, {r4, lr}
    mov     r4, r0
putStringNext:
    ldrb    r0, [r4], #1
    cmp     r0, #0
    ldmiaeq sp!, {r4, pc}
    cmp     r0, #10
    bne     putStringByte
    mov     r0, #13
    bl      putCharacter
    mov     r0, #10
putStringByte:
    bl      putCharacter
    b       putStringNext                   /* <bound: 100>, the longest text of the stub's own */

/* putHexadecimal: r0 the word, as eight digits. */
putHexadecimal:
    stmdb   sp!, {r4, r5, lr}
    mov     r4, r0
    mov     r5, #28
putDigit:
    mov     r0, r4, lsr r5
    and     r0, r0, #15
    cmp     r0, #10
    addcc   r0, r0, #48                     /* $0 */
    addcs   r0, r0, #87                     /* $a - 10 */
    bl      putCharacter
    subs    r5, r5, #4
    bpl     putDigit                        /* <bound: 8> */
    ldmia   sp!, {r4, r5, pc}
    .ltorg

/* haltMachine: r0 the code, 0 for success. Lets the console drain, masks every line, tells a
   debugger or QEMU (semihosting SYS_EXIT) and then sleeps at machineHalted, where the emulated board
   stops. Never returns. */
haltMachine:
    msr     cpsr_c, #0xdf
    mov     r4, r0
    ldr     r0, =VIC
    mvn     r1, #0
    str     r1, [r0, #VIC_INTENCLEAR]
    ldr     r0, =UART0
    mov     r2, #4096                       /* a full FIFO is 16 characters, this is four times as long */
drainWait:
    ldr     r1, [r0, #UART0_FR]
    tst     r1, #8                          /* BUSY */
    beq     drained
    mov     r3, #64
drainPause:
    subs    r3, r3, #1
    bne     drainPause                      /* <bound: 64> */
    subs    r2, r2, #1
    bne     drainWait                       /* <bound: 4096> */
drained:
    mov     r0, #0x18                       /* SYS_EXIT */
    ldr     r1, =0x20026                    /* ADP_Stopped_ApplicationExit */
    cmp     r4, #0
    ldrne   r1, =0x20023                    /* ADP_Stopped_RunTimeError */
    svc     #0x123456
    mov     r0, r4
machineHalted:
    mov     r1, #0
    mcr     p15, 0, r1, c7, c0, 4           /* <sleeps> */
    b       machineHalted                   /* <endless> */
    .ltorg
