//! The first byte of every item: opcodes from the top of the range, types of values from the bottom.

/// The version that Redis 7.0 writes and the newest that it reads.
pub const VERSION_7_0: u16 = 10;
/// The version that Redis 5.0 to 6.2 write.
pub const VERSION_6_2: u16 = 9;

/// The five bytes that open a file; four digits of version follow.
pub const MAGIC: &[u8; 5] = b"REDIS";

/// End of the file; the checksum follows.
pub const EOF: u8 = 255;
/// length: the database that the following keys belong to.
pub const SELECTDB: u8 = 254;
/// 4 bytes, little endian: the next key's expire time in seconds. Read from old files, never written.
pub const EXPIRETIME: u8 = 253;
/// 8 bytes, little endian: the next key's expire time in milliseconds.
pub const EXPIRETIME_MS: u8 = 252;
/// length, length: how many keys this database has, and how many of them expire. A hint.
pub const RESIZEDB: u8 = 251;
/// string, string: a field about the file. Unknown ones are ignored.
pub const AUX: u8 = 250;
/// 1 byte: the next key's LFU counter.
pub const FREQ: u8 = 249;
/// length: the seconds since the next key was used.
pub const IDLE: u8 = 248;
/// length (module id), then module opcodes up to their end: data that a module keeps outside of keys.
pub const MODULE_AUX: u8 = 247;
/// A function library as the release candidates of 7.0 wrote it; refused.
pub const FUNCTION_PRE_GA: u8 = 246;
/// string: the source of a function library.
pub const FUNCTION2: u8 = 245;
/// length, length, length: slot, keys, keys that expire. A hint that 7.4 and later write in cluster mode.
pub const SLOT_INFO: u8 = 244;

/// A string.
pub const TYPE_STRING: u8 = 0;
/// A count, then as many strings.
pub const TYPE_LIST: u8 = 1;
/// A count, then as many strings.
pub const TYPE_SET: u8 = 2;
/// A count, then as many pairs of a string and a score in ASCII.
pub const TYPE_ZSET: u8 = 3;
/// A count, then as many pairs of strings.
pub const TYPE_HASH: u8 = 4;
/// A count, then as many pairs of a string and a score of 8 bytes, little endian.
pub const TYPE_ZSET_2: u8 = 5;
/// A module's value as the release candidates of 4.0 wrote it.
pub const TYPE_MODULE_PRE_GA: u8 = 6;
/// length (module id), then module opcodes up to their end.
pub const TYPE_MODULE_2: u8 = 7;
/// A string that holds a zipmap.
pub const TYPE_HASH_ZIPMAP: u8 = 9;
/// A string that holds a ziplist.
pub const TYPE_LIST_ZIPLIST: u8 = 10;
/// A string that holds an intset.
pub const TYPE_SET_INTSET: u8 = 11;
/// A string that holds a ziplist.
pub const TYPE_ZSET_ZIPLIST: u8 = 12;
/// A string that holds a ziplist.
pub const TYPE_HASH_ZIPLIST: u8 = 13;
/// A count, then as many strings that hold a ziplist.
pub const TYPE_LIST_QUICKLIST: u8 = 14;
/// A stream as 5.0 to 6.2 write it.
pub const TYPE_STREAM_LISTPACKS: u8 = 15;
/// A string that holds a listpack.
pub const TYPE_HASH_LISTPACK: u8 = 16;
/// A string that holds a listpack.
pub const TYPE_ZSET_LISTPACK: u8 = 17;
/// A count, then as many nodes: a length (1 plain, 2 packed) and a string.
pub const TYPE_LIST_QUICKLIST_2: u8 = 18;
/// A stream as 7.0 writes it.
pub const TYPE_STREAM_LISTPACKS_2: u8 = 19;

/// A string that holds a listpack; 7.2 brought it.
pub const TYPE_SET_LISTPACK: u8 = 20;
/// A stream as 7.2 writes it.
pub const TYPE_STREAM_LISTPACKS_3: u8 = 21;
/// A count, then as many fields: two strings and 8 bytes, when it expires or -1. Valkey's alone: the release candidates of
/// Redis 7.4 had another form under this id.
pub const TYPE_HASH_2: u8 = 22;
/// 8 bytes, the first time at which a field expires; a count, then as many fields: a length (0: it stays; else how much
/// later than the first it expires, plus one) and two strings. 7.4 brought it.
pub const TYPE_HASH_METADATA: u8 = 24;
/// 8 bytes, the first time at which a field expires; a string that holds a listpack of field, value and time. 7.4.
pub const TYPE_HASH_LISTPACK_EX: u8 = 25;

/// Whether a byte is the type of a value, as version 10 knows them.
pub fn is_value_type(byte: u8) -> bool {
    byte <= TYPE_MODULE_2 || (TYPE_HASH_ZIPMAP..=TYPE_STREAM_LISTPACKS_2).contains(&byte)
}
