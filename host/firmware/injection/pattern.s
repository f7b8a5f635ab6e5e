/* A native process for `hardtalk inject --forms`: every register, every flag and the VFP hold something that must survive.
   It never ends and reads no memory but its own stack. Runs where it is put; NEON and Thumb are not there on this CPU. */

    adr     r0, values
    fldmiad r0, {d0-d15}
    fmrx    r1, fpscr
    ldmia   r0, {r0-r12, lr}
again:
    adds    r0, r0, r1, ror #3
    adcs    r1, r1, r2
    sbcs    r2, r2, r3, lsl #5
    rscs    r3, r3, r4, asr #7
    eors    r4, r4, r5, rrx
    bicmi   r5, r5, r6
    orrpl   r5, r5, r6, lsr #1
    mla     r6, r7, r8, r9
    umull   r7, r8, r9, r10
    smlal   r9, r10, r11, r12
    qadd    r11, r11, r0
    smulbb  r12, r1, r2
    clz     lr, r3
    add     lr, lr, r0
    eor     r10, r10, r9
    eor     r11, r11, r1, ror #7
    add     r0, r0, #0x9e
    add     r5, r5, r10, ror #9
    add     r12, r12, r4, ror #17
    stmdb   sp!, {r0-r12, lr}
    sub     sp, sp, #16
    ldr     r0, [sp, #20]
    ldrsb   r1, [sp, #19]
    str     r3, [sp]
    swp     r2, r1, [sp]
    strd    r4, r5, [sp, #8]
    ldrd    r6, r7, [sp, #24]
    add     sp, sp, #16
    msr     cpsr_f, r12
    ldmia   sp!, {r0-r12, lr}
    movvs   r1, r2, lsl #1
    movcc   r2, r1, lsr #1
    subge   r3, r3, #1
    faddd   d0, d0, d1
    fmuld   d2, d9, d4
    fsubd   d5, d6, d0
    fcpyd   d7, d5
    fmsr    s16, r4
    fuitod  d9, s16
    fdivd   d10, d9, d1
    fcmpd   d0, d10
    fmstat
    addeq   r6, r6, #1
    addgt   r7, r7, #3
    fstmdbd sp!, {d8-d15}
    fldmiad sp!, {d8-d15}
    and     r8, r0, #0xf0000000
    fmxr    fpscr, r8
    b       again
    .balign 8
values:
    .word 0x3fe80000, 0x3fe00000, 0x00000001, 0x3ff00000, 0x89abcdef, 0x40059678, 0x00000007, 0x3ff80000
    .word 0x5a5a5a5a, 0x400a5a5a, 0x0badf00d, 0x4023cafe, 0x13579bdf, 0x40e2468a, 0x7fffffff, 0x41000000
    .word 0x00000000, 0x3fd55555, 0x11111111, 0x3ff11111, 0x22222222, 0x40022222, 0x33333333, 0x40133333
    .word 0x44444444, 0x40244444, 0x55555555, 0x40355555, 0x66666666, 0x40466666, 0x77777777, 0x40577777
