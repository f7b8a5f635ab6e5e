"""The virtual machine's tables: object format, special objects, primitives and the Slang constants made from them."""
