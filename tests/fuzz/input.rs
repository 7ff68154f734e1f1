//! What the fuzzer gives, read piece by piece; zeros when it is used up.

pub struct Input<'a>(pub &'a [u8]);

impl Input<'_> {
    pub fn is_used_up(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn short(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Numbers that follow from the next byte.
    pub fn rng(&mut self) -> impl FnMut() -> u64 + use<> {
        let mut state = u64::from(self.byte()) + 1;
        move || {
            state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31) ^ 0x5bd1_e995;
            state
        }
    }
}
