//! What may be done with bytes that claim to be a HyperLogLog, for the tests and the fuzz target.

use c_compat::hyperloglog::{Corrupt, DENSE_SIZE, Encoding, Registers, add, check, count, decode, to_dense};

/// Whatever passes the check may be used: a damaged one gives errors or estimates, never a panic, and stays bounded.
pub fn exercise(hll: &[u8]) -> bool {
    let Ok(encoding) = check(hll) else { return false };
    let valid = count(hll).is_ok();
    assert!(valid || encoding == Encoding::Sparse);
    decode(&hll[..hll.len().min(1000)]);
    let mut all = Registers::new();
    assert_eq!(all.merge(hll).is_ok(), valid);
    all.count();
    let mut dense = hll.to_vec();
    assert_eq!(to_dense(&mut dense).is_ok(), valid);
    for bytes_max in [0, 40, 3000] {
        let mut changed = hll.to_vec();
        for i in 0..20u8 {
            match add(&mut changed, &[i], bytes_max) {
                Ok(_) if valid => assert!(count(&changed).is_ok()),
                Ok(_) => {}
                Err(Corrupt) => assert!(!valid),
            }
        }
        assert!(changed.len() <= hll.len().max(DENSE_SIZE) + 100);
        let mut target = hll.to_vec();
        assert!(all.write_to(&mut target, bytes_max).is_ok() || !valid);
    }
    valid
}
