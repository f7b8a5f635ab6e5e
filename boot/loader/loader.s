/* From the reset vector in flash to a firmware: both slots are looked at, the newest good one is copied to RAM, checked
   there and started (docs/boot-from-flash.md).

   The loader is linked for address 0. A board that starts from flash shows the flash's beginning there; where it does
   not, the loader is entered in the flash itself and copies itself. Below it in the memory plan is nothing: a firmware
   begins at FIRMWARE_BASE, so what the loader has written in RAM is never in its way.
   Caches, MMU and interrupts stay off, as a firmware expects them. */

loaderVectors:
    b       startLoader
    b       loaderFault
    movs    pc, lr                          /* SVC: haltMachine's, which no debugger has taken */
    b       loaderFault
    b       loaderFault
    b       loaderFault
    b       loaderFault
    b       loaderFault

startLoader:
    msr     cpsr_c, #0xd3                   /* supervisor, IRQ and FIQ masked */
    ldr     sp, =LOADER_STACK_TOP
    adr     r0, loaderVectors
    cmp     r0, #0
    beq     loaderInPlace
    mov     r1, #0
copyLoader:
    ldmia   r0!, {r2-r9}
    stmia   r1!, {r2-r9}
    cmp     r1, #LOADER_BYTES
    bcc     copyLoader
loaderInPlace:
    ldr     pc, =runLoader
    .ltorg

runLoader:
    ldr     r0, =FLASH
    bl      showArray
    bl      enableConsole
    bl      startTicks
    bl      makeChecksumTable
chooseSlot:
    mov     r0, #0
    bl      lookAtSlot
    mov     r0, #1
    bl      lookAtSlot
nextChoice:
    ldr     r1, =SLOT_RANKS
    ldmia   r1, {r2, r3}
    cmp     r3, r2
    movhi   r4, #1
    movls   r4, #0
    ldr     r0, [r1, r4, lsl #2]
    cmp     r0, #0
    beq     recover
    mov     r0, r4
    bl      loadSlot
    movs    r5, r0
    bne     isRecoveryWanted
    ldr     r1, =SLOT_RANKS
    str     r5, [r1, r4, lsl #2]
    b       nextChoice

/* Control-R, sent while the slots are looked at and loaded: the way out for a firmware that is confirmed and does not work.
   What is sent first stays in the FIFO. */
isRecoveryWanted:
    ldr     r1, =UART0
nextEarlyByte:
    ldr     r0, [r1, #UART0_FR]
    tst     r0, #0x10                       /* RXFE */
    bne     startSlot
    ldr     r0, [r1, #UART0_DR]
    cmp     r0, #18
    bne     nextEarlyByte                   /* at most the 16 of the FIFO: looking is faster than the line */
    ldr     r0, =wantedText
    b       askForFile

/* Both slots are bad: a file from the serial line becomes one of them, and everything begins again. */
recover:
    ldr     r0, =badText
askForFile:
    bl      putString
    ldr     r0, =recoveryText
    bl      putString
    bl      receiveFile
    mov     r4, r0
    ldr     r0, =lineEndText
    bl      putString
    cmp     r4, #0
    ldreq   r0, =againText
    beq     askForFile
    bl      installFile
    b       chooseSlot

/* startSlot: r4 the slot, r5 the firmware's entry. A slot that is on trial has one start less from here on. */
startSlot:
    mov     r0, r4
    bl      headerOf
    mov     r6, r0
    ldr     r0, [r6, #CONFIRMED]
    cmp     r0, #0
    beq     tellSlot
    mov     r7, #TRIED
findTry:
    ldr     r0, [r6, r7]
    cmn     r0, #1
    addne   r7, r7, #4
    bne     findTry                         /* lookAtSlot has seen one that is left */
    mov     r0, r4
    bl      flashOf
    add     r0, r0, r7
    bl      clearFlashWord
tellSlot:
    mov     r0, r4
    bl      putSlot
    ldr     r0, =generationText
    bl      putString
    ldr     r0, [r6, #GENERATION]
    bl      putDecimal
    ldr     r0, =separatorText
    bl      putString
    add     r0, r6, #NAME
    bl      putString
    ldr     r0, =lineEndText
    bl      putString
drainLine:
    bl      pause
    ldr     r0, =UART0
    ldr     r1, [r0, #UART0_FR]
    tst     r1, #8                          /* BUSY: the firmware sets the UART up again */
    bne     drainLine
    bl      stopTicks
    ldr     r0, =SYSTEM
    mvn     r1, #0
    str     r1, [r0, #SYSTEM_SYS_FLAGSCLR]
    ldr     r1, =STARTED_FROM_FLASH
    add     r1, r1, r4
    str     r1, [r0, #SYSTEM_SYS_FLAGS]
    bx      r5

/* startTicks: the timer raises its line every 512 microseconds from here on, for pause. Uses r0-r2. */
startTicks:
    ldr     r0, =TIMER01
    mov     r1, #0xe2                       /* periodic, 32 bits, interrupt; QEMU wants to know before the load */
    str     r1, [r0, #TIMER01_Timer1Control]
    mov     r2, #512
    str     r2, [r0, #TIMER01_Timer1Load]
    ldr     r0, =VIC
    mov     r1, #TIMER_LINE
    str     r1, [r0, #VIC_INTENABLE]
    bx      lr

/* stopTicks: timer and line as they were. Uses r0, r1. */
stopTicks:
    ldr     r0, =VIC
    mov     r1, #TIMER_LINE
    str     r1, [r0, #VIC_INTENCLEAR]
    ldr     r0, =TIMER01
    mov     r1, #0
    str     r1, [r0, #TIMER01_Timer1Control]
    str     r1, [r0, #TIMER01_Timer1IntClr]
    bx      lr

/* pause: the CPU sleeps until the next tick, which wakes it though no interrupt is taken. Uses r1. */
pause:
    mov     r1, #0
    mcr     p15, 0, r1, c7, c0, 4           /* wait for an interrupt */
    ldr     r1, =TIMER01
    str     r1, [r1, #TIMER01_Timer1IntClr]
    bx      lr

loaderFault:
    mov     r4, lr                          /* that of the exception's mode */
    msr     cpsr_c, #0xd3
    ldr     sp, =LOADER_STACK_TOP
    ldr     r0, =loaderFaultText
    bl      putString
    mov     r0, r4
    bl      putHexadecimal
    ldr     r0, =lineEndText
    bl      putString
    mov     r0, #5
    b       haltMachine
    .ltorg

badText:          .asciz "*** no slot can be started\n"
wantedText:       .asciz "*** recovery was asked for\n"
againText:        .asciz "*** the sender gave up, or is out of step\n"
recoveryText:     .asciz "    Send a firmware with XMODEM or YMODEM: a file made by hardtalk flash pack.\n"
generationText:   .asciz "generation "
separatorText:    .asciz ", "
lineEndText:      .asciz "\n"
loaderFaultText:  .asciz "\n*** fault before the firmware has its own vectors, lr "
    .balign 4
