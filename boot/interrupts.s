/* Interrupts: the entry at any instruction, and what the VM uses to take them and to wait for them.

   A line is Smalltalk's or has a native handler. A Smalltalk line stays masked in the VIC from here until its handler
   has served it, so an unserved device interrupts once. The entry touches no object: it notes the lines and moves the
   dispatch register on, so that every bytecode is entered where its slot leads to handleInterrupts. divertedLines holds the
   lines for which that would be wrong: those with a native handler, and all lines while native code runs, whose r8 is
   its own. Those go to nativeInterrupt (native.s). */

/* From here on, and then among the Slang routines behind the stub, code is locked in the instruction cache (start.s).
   It takes no literals, which are data: vmState is 4096-aligned, and interruptTable and nativeLineTable are at fixed distances from it. */
    .balign 4096
    .space  3072

/* interruptEntry: IRQ mode, IRQ masked. Keeps every register but r8, which becomes interruptTable;
   r4 and r8 hold vmState and a dispatch table whenever IRQs are unmasked in the VM. Lines go from the VIC to
   pendingLines and are masked; interruptCount or, without a line, spuriousInterrupts goes up. */
interruptEntry:
    stmdb   sp!, {r0-r3}
    mov     r0, #VIC_HIGH
    orr     r0, r0, #VIC_LOW
    ldr     r1, [r0, #VIC_IRQSTATUS]
    mov     r2, #vmState
    ldr     r3, [r2, #divertedLines]
    tst     r3, r1
    bne     nativeInterrupt
    cmp     r1, #0
    beq     spuriousInterrupt
    str     r1, [r0, #VIC_INTENCLEAR]
    ldr     r3, [r2, #pendingLines]
    orr     r3, r3, r1
    str     r3, [r2, #pendingLines]
    ldr     r3, [r2, #interruptCount]
    add     r3, r3, #1
    str     r3, [r2, #interruptCount]
    sub     r8, r2, #INTERRUPT_TABLE_DISTANCE
    ldmia   sp!, {r0-r3}
    subs    pc, lr, #4

/* The line fell before its status was read: counted, nothing else changes, r8 included. */
spuriousInterrupt:
    ldr     r3, [r2, #spuriousInterrupts]
    add     r3, r3, #1
    str     r3, [r2, #spuriousInterrupts]
    ldmia   sp!, {r0-r3}
    subs    pc, lr, #4

/* takePendingLines: r0 address of a word -> r0 its value; the word becomes 0. One SWP, so an
   interrupt falls before or after it and no line is lost. */
takePendingLines:
    mov     r2, r0                          /* the address register of SWP must be a third one */
    mov     r1, #0
    swp     r0, r1, [r2]
    bx      lr

/* waitForInterrupt: sleeps until a line is pending or native code has signalled a Smalltalk semaphore
   (rescheduleWanted); answers at once when that is so already. The test
   and the WFI are under masked IRQs (WFI wakes for a masked IRQ too), so an interrupt between them
   is not slept through. Leaves IRQs unmasked; the interrupt is taken before the return. */
waitForInterrupt:
    mrs     r1, cpsr
    orr     r2, r1, #0x80
    msr     cpsr_c, r2                      /* <masks> */
    mov     r3, #vmState
    ldr     r0, [r3, #pendingLines]
    ldr     r3, [r3, #rescheduleWanted]
    orrs    r0, r0, r3
    bne     waitDone
    mov     r0, #0
    mcr     p15, 0, r0, c7, c10, 4          /* drain the write buffer: devices must have seen all */
    mcr     p15, 0, r0, c7, c0, 4           /* wait for interrupt: <sleeps> */
waitDone:
    bic     r1, r1, #0x80
    msr     cpsr_c, r1                      /* <unmasks> */
    bx      lr
    .ltorg
