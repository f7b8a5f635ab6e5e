"""ARM instructions as data: A32 of ARMv5TE and VFPv2 doubles, as the ARM926EJ-S executes them.

Source: ARM Architecture Reference Manual (DDI 0100I), chapters A3, A4, C4. One table (`rows.ROWS`) states each
instruction's bits as text; encoder, decoder and listing are derived from it.

    from hardtalk.arm import encode as arm

    arm.data("add", rd, rn, operand2, s=False, cond=arm.AL)      and eor sub rsb add adc sbc rsc orr bic
    arm.data("mov", rd, 0, operand2), arm.data("cmp", 0, rn, operand2)     mov mvn / tst teq cmp cmn (S implied)
    arm.load(rd, rn, offset=0, width="word", index="offset", subtract=False, cond=arm.AL)    and arm.store(...)
    arm.load_multiple(rn, [registers], mode="ia", writeback=False)          and arm.store_multiple(...)
    arm.branch(displacement, link=False, cond)     displacement in bytes from the address of the instruction
    arm.branch_to(word, displacement)              the same branch with another displacement (relocation)
    arm.multiply(rd, rm, rs), arm.multiply_accumulate(rd, rm, rs, rn)
    arm.multiply_long("umull", low, high, rm, rs)  umull umlal smull smlal
    arm.vfp("faddd", d, n, m), arm.vfp_unary("fnegd", d, m), arm.vfp_load(d, rn, offset), arm.vfp_store(...)
    arm.encode("clz", d=0, m=1)                    any row by mnemonic and the letters of its fields

`operand2` is a register number, `Immediate(value)`, `Shifted(register, "lsl", amount)` or
`ShiftedBy(register, "lsl", amount_register)`. An `offset` is an int in bytes (either sign) or `Shifted`.
`width`: word byte half signed_byte signed_half double. `index`: offset pre post.
`rotated_immediate(value)` answers the twelve bits of an operand-2 immediate, or None.
`listing.listing(word, address, symbols)` answers one line of UAL text. Everything raises `EncodingError` (a ValueError)
rather than encode another instruction than asked for.
"""
