//! Natural numbers of any size, as much of them as exact reading of long decimals takes.

use std::cmp::Ordering;

/// Limbs of 64 bits, the lowest first, the highest not zero.
pub(super) struct Big(Vec<u64>);

impl From<u64> for Big {
    fn from(value: u64) -> Self {
        Big(if value == 0 { vec![] } else { vec![value] })
    }
}

/// Bits that a quotient has at least; it has at most one more.
const QUOTIENT_BITS: u32 = 66;

impl Big {
    /// The number that ASCII digits stand for in base 10.
    pub fn from_digits(digits: impl Iterator<Item = u8>) -> Self {
        let mut number = Big::from(0);
        // Nineteen digits at a time, the most that fit in a limb.
        let (mut chunk, mut scale) = (0u64, 1u64);
        for digit in digits {
            chunk = chunk * 10 + u64::from(digit - b'0');
            scale *= 10;
            if scale == 10u64.pow(19) {
                number.multiply_add(scale, chunk);
                (chunk, scale) = (0, 1);
            }
        }
        number.multiply_add(scale, chunk);
        number
    }

    /// Multiplies by `5^power`.
    pub fn multiply_by_fives(&mut self, power: u32) {
        const CHUNK: u32 = 27;
        for _ in 0..power / CHUNK {
            self.multiply_add(5u64.pow(CHUNK), 0);
        }
        self.multiply_add(5u64.pow(power % CHUNK), 0);
    }

    /// How many bits it has, up to the highest that is set.
    pub fn bits(&self) -> u32 {
        match self.0.last() {
            Some(limb) => self.0.len() as u32 * 64 - limb.leading_zeros(),
            None => 0,
        }
    }

    /// `self / 2^shift`, which must fit, and whether a remainder was dropped.
    pub fn shifted_right(&self, shift: u32) -> (u128, bool) {
        let shift = i64::from(shift);
        let low = u128::from(self.window(shift));
        let high = u128::from(self.window(shift + 64));
        (high << 64 | low, self.any_below(shift))
    }

    /// Divides after moving itself by a power of two, `2^down`, so that the quotient has 66 or 67 bits:
    /// `self / divisor = (quotient + fraction) * 2^down`. The third value is whether there is a fraction.
    pub fn divide(&self, divisor: &Big) -> (u128, i64, bool) {
        let down = i64::from(self.bits()) - i64::from(divisor.bits()) - i64::from(QUOTIENT_BITS);
        // Long division in base 2. The remainder starts with the dividend's high bits, one fewer than the divisor's, and
        // takes in one more bit a step. Bits under the last one taken only count as a fraction.
        let steps = i64::from(QUOTIENT_BITS) + 1;
        let mut remainder = self.shifted(down + steps);
        let mut quotient = 0;
        for step in (0..steps).rev() {
            remainder.double_and_add(self.window(down + step) & 1 == 1);
            quotient <<= 1;
            if remainder.cmp(divisor) != Ordering::Less {
                remainder.subtract(divisor);
                quotient |= 1;
            }
        }
        (quotient, down, self.any_below(down) || !remainder.0.is_empty())
    }

    fn multiply_add(&mut self, factor: u64, addend: u64) {
        let mut carry = u128::from(addend);
        for limb in &mut self.0 {
            carry += u128::from(*limb) * u128::from(factor);
            *limb = carry as u64;
            carry >>= 64;
        }
        if carry > 0 {
            self.0.push(carry as u64);
        }
    }

    /// The 64 bits from bit `from` up. Bits under the lowest and over the highest are zeros.
    fn window(&self, from: i64) -> u64 {
        let limb = |index: i64| usize::try_from(index).ok().and_then(|index| self.0.get(index)).copied();
        let low = from.div_euclid(64);
        let both = u128::from(limb(low + 1).unwrap_or(0)) << 64 | u128::from(limb(low).unwrap_or(0));
        (both >> from.rem_euclid(64)) as u64
    }

    /// `self / 2^shift` without its fraction; a negative shift multiplies.
    fn shifted(&self, shift: i64) -> Big {
        let bits = (i64::from(self.bits()) - shift).max(0);
        Big((shift..shift + bits).step_by(64).map(|from| self.window(from)).collect())
    }

    /// Whether any bit under `bit` is set.
    fn any_below(&self, bit: i64) -> bool {
        let Ok(bit) = usize::try_from(bit) else { return false };
        self.0.iter().take(bit / 64).any(|&limb| limb != 0)
            || self.0.get(bit / 64).is_some_and(|limb| limb & ((1 << (bit % 64)) - 1) != 0)
    }

    fn double_and_add(&mut self, bit: bool) {
        let mut carry = u64::from(bit);
        for limb in &mut self.0 {
            let out = *limb >> 63;
            *limb = *limb << 1 | carry;
            carry = out;
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    fn cmp(&self, other: &Big) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes off what is not greater.
    fn subtract(&mut self, other: &Big) {
        let mut borrow = false;
        for (i, limb) in self.0.iter_mut().enumerate() {
            let (less, under) = limb.overflowing_sub(other.0.get(i).copied().unwrap_or(0));
            let (less, under_again) = less.overflowing_sub(u64::from(borrow));
            *limb = less;
            borrow = under || under_again;
        }
        debug_assert!(!borrow, "the subtrahend is not greater");
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}
