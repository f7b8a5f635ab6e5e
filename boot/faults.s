/* Fault handlers: each prints what happened, where, and every register of what was running, over
   the polled console, then halts with code 1. A fault inside the dump halts at once with code 2.

   Each entry leaves on its mode's stack {r0-r12, pc} of the interrupted code and calls reportFault
   with r4 the name, r5 the fault status, r6 the address that faulted. */

undefinedEntry:
    sub     lr, lr, #4
    stmdb   sp!, {r0-r12, lr}
    ldr     r4, =undefinedName
    mov     r5, #0
    mov     r6, lr
    b       reportFault

prefetchAbortEntry:
    sub     lr, lr, #4
    stmdb   sp!, {r0-r12, lr}
    ldr     r4, =prefetchAbortName
    mrc     p15, 0, r5, c5, c0, 1           /* instruction fault status */
    mov     r6, lr
    b       reportFault

/* An abort of the VM is an access to a register where there is no device, as programs may ask for. It is left out, its
   address noted, and the VM tells the process before its next bytecode (AbsentDevices): r8 becomes interruptTable, as
   after an interrupt. Before the VM has come up, and of native code, it is a fault. */
dataAbortEntry:
    sub     lr, lr, #8
    stmdb   sp!, {r0-r12, lr}
    mrc     p15, 0, r5, c5, c0, 0           /* data fault status */
    mrc     p15, 0, r6, c6, c0, 0           /* fault address */
    ldr     r4, =dataAbortName
    ldr     r0, =vmState
    mrs     r1, spsr
    and     r1, r1, #0x1f
    cmp     r1, #0x1f
    bne     reportFault
    ldr     r1, [r0, #tellsAborts]
    cmp     r1, #0
    beq     reportFault
    ldr     r1, [r0, #divertedLines]
    cmn     r1, #1
    beq     reportFault
    ldr     r1, [r0, #absentAddress]
    cmp     r1, #0
    streq   r6, [r0, #absentAddress]
    mov     r1, #1
    str     r1, [r0, #rescheduleWanted]
    ldr     r1, =INTERRUPT_TABLE_DISTANCE
    sub     r1, r0, r1
    str     r1, [sp, #32]                   /* r8 */
    ldr     r1, [sp, #52]
    add     r1, r1, #4
    str     r1, [sp, #52]
    ldmia   sp!, {r0-r12, pc}^

/* SVC 0x123456 is haltMachine's call to a debugger. With none attached it arrives here and is done. */
softwareInterruptEntry:
    sub     lr, lr, #4
    stmdb   sp!, {r0-r12, lr}
    mov     r6, lr
    ldr     r5, [lr]
    bic     r5, r5, #0xff000000
    ldr     r4, =0x123456
    cmp     r5, r4
    ldrne   r4, =softwareInterruptName
    bne     reportFault
    add     lr, lr, #4
    str     lr, [sp, #52]
    ldmia   sp!, {r0-r12, pc}^

/* No line is routed to FIQ. r8-r12 are banked in FIQ mode: the interrupted ones are stored. */
fastInterruptEntry:
    sub     lr, lr, #4
    sub     sp, sp, #56
    stmia   sp, {r0-r7}
    add     r0, sp, #32
    stmia   r0, {r8-r12}^
    mov     r0, r0                          /* no banked register right after a user-bank transfer */
    str     lr, [sp, #52]
    ldr     r4, =fastInterruptName
    mov     r5, #0
    mov     r6, lr
    b       reportFault

/* reportFault: r4 name, r5 status, r6 address, sp the saved registers, spsr the interrupted
   state. Prints and halts. r7 spsr, r8 and r9 the interrupted mode's sp and lr, r10 the next register's
   number, r11 the saved registers. */
reportFault:
    ldr     r0, =faultInProgress
    ldr     r1, [r0]
    cmp     r1, #0
    movne   r0, #2
    bne     haltMachine
    mov     r1, #1
    str     r1, [r0]

    mov     r11, sp
    mrs     r7, spsr
    mrs     r1, cpsr
    and     r0, r7, #0x1f
    cmp     r0, #0x10                       /* user mode has the system mode's registers */
    moveq   r0, #0x1f
    orr     r0, r0, #0xc0
    orr     r1, r1, #0xc0
    mov     r2, r1
    msr     cpsr_c, r0                      /* <masks> */
    mov     r0, sp
    mov     r3, lr
    msr     cpsr_c, r2                      /* <masks> */
    mov     r8, r0
    mov     r9, r3

    bl      enableConsole
    ldr     r0, =faultText
    bl      putString
    mov     r0, r4
    bl      putString
    ldr     r0, =addressText
    bl      putString
    mov     r0, r6
    bl      putHexadecimal
    ldr     r0, =pcText
    bl      putString
    ldr     r0, [r11, #52]
    bl      putHexadecimal
    ldr     r0, =statusText
    bl      putString
    mov     r0, r5
    bl      putHexadecimal
    ldr     r0, =cpsrText
    bl      putString
    mov     r0, r7
    bl      putHexadecimal

    mov     r10, #0
putRegister:
    ands    r0, r10, #3
    ldreq   r0, =newLineText
    ldrne   r0, =twoSpacesText
    bl      putString
    ldr     r0, =registerNames
    add     r0, r0, r10, lsl #2
    bl      putString
    mov     r0, #32
    bl      putCharacter
    cmp     r10, #13
    ldrcc   r0, [r11, r10, lsl #2]
    moveq   r0, r8
    cmp     r10, #14
    moveq   r0, r9
    ldrhi   r0, [r11, #52]
    bl      putHexadecimal
    add     r10, r10, #1
    cmp     r10, #16
    bne     putRegister                     /* <bound: 16> */

    ldr     r0, =haltText
    bl      putString
    mov     r0, #1
    b       haltMachine
    .ltorg

undefinedName:          .asciz "undefined instruction"
prefetchAbortName:      .asciz "prefetch abort"
dataAbortName:          .asciz "data abort"
softwareInterruptName:  .asciz "software interrupt"
fastInterruptName:      .asciz "fast interrupt"
faultText:              .asciz "\n*** fault: "
addressText:            .asciz "\n    address "
pcText:                 .asciz "  pc "
statusText:             .asciz "  status "
cpsrText:               .asciz "  cpsr "
newLineText:            .asciz "\n"
twoSpacesText:          .asciz "  "
haltText:               .asciz "\n*** halted\n"
registerNames:                              /* four bytes each */
    .asciz "r0 "
    .asciz "r1 "
    .asciz "r2 "
    .asciz "r3 "
    .asciz "r4 "
    .asciz "r5 "
    .asciz "r6 "
    .asciz "r7 "
    .asciz "r8 "
    .asciz "r9 "
    .asciz "r10"
    .asciz "r11"
    .asciz "r12"
    .asciz "sp "
    .asciz "lr "
    .asciz "pc "
    .balign 4
