//! What may be done with bytes that claim to be a ziplist or a zipmap, for the tests and the fuzz target.

use c_compat::listpack::Entry;
use c_compat::ziplist::Ziplist;
use c_compat::zipmap::Zipmap;

/// Nothing may panic, reach outside or give more than there is.
pub fn exercise(bytes: &[u8]) -> bool {
    let ziplist = Ziplist::new(bytes);
    if let Ok(ziplist) = ziplist {
        assert_eq!(ziplist.iter().count(), ziplist.len());
        assert!(ziplist.iter().map(Entry::text_len).sum::<usize>() < 2 * bytes.len() + 10 * ziplist.len());
        assert_eq!(ziplist.pairs().count(), ziplist.len() / 2);
    }
    let zipmap = Zipmap::new(bytes);
    if let Ok(zipmap) = zipmap {
        assert_eq!(zipmap.iter().count(), zipmap.len());
        assert!(zipmap.iter().map(|(field, value)| field.len() + value.len()).sum::<usize>() <= bytes.len());
    }
    ziplist.is_ok() || zipmap.is_ok()
}
