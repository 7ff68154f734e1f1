//! The bytes of an entry's block; `entry.rs` draws them.
//!
//! Every function here works on a [`Block`], which is no more than a pointer: whoever calls an `unsafe` one
//! vouches that it is a live block, that no one else uses it meanwhile if it is changed, and does not use it
//! after it was freed. A `with_` function changes a block in place or frees it and makes another; what it
//! returns is to be used from then on.

use std::mem::MaybeUninit;

use crate::ds::long::{Long, LongRef};
use crate::ds::prefixed::{len_size, read_len, write_len};
use crate::ds::size::{allocate, class, free};
use crate::sys::give_back::GiveBack;
use crate::value::{Hash, List, Object, Set, SortedSet, Stored, Stream, Type, ValueMut, ValueRef};

/// The value's type in the head's low bits.
const TYPE_MASK: u32 = 15;
const STRING: u32 = Type::String as u32;
const LIST: u32 = Type::List as u32;
const SET: u32 = Type::Set as u32;
const SORTED_SET: u32 = Type::SortedSet as u32;
const HASH: u32 = Type::Hash as u32;
const STREAM: u32 = Type::Stream as u32;
const FORM_SHIFT: u32 = 4;
const FORM_MASK: u32 = 7 << FORM_SHIFT;
const HAS_EXPIRE: u32 = 1 << 7;
const LRU_SHIFT: u32 = 8;
const HEAD_SIZE: usize = 4;
const EXPIRE_SIZE: usize = 8;

/// Forms 0 to 3 are integers of `1 << form` bytes.
const INT_8: u32 = 3;
const EMBSTR: u32 = 4;
const RAW: u32 = 5;
const LONG: u32 = 6;
const OBJECT: u32 = 7;

/// A longer string lies in a block of its own, so that a change of it does not move the entry.
const INLINE_MAX: usize = 1000;

#[derive(Clone, Copy)]
pub(super) struct Block(*mut u8);

/// Where a raw string's bytes are.
#[derive(Clone, Copy)]
pub(super) struct RawBytes {
    pub start: *mut u8,
    pub len: usize,
}

/// What lies before the value.
#[derive(Clone, Copy)]
struct Front<'a> {
    /// The clock bits of the head.
    head: u32,
    expire: Option<i64>,
    key: &'a [u8],
}

/// The value as it lies in a block.
#[derive(Clone, Copy)]
enum Body<'a> {
    Int(i64),
    /// An inline string: its form, its first bytes, and its length, up to which the rest is yet to be
    /// written.
    Inline(u32, &'a [u8], usize),
    Long(Long),
    /// A collection's type and handle, which whoever has the body owns.
    Object(u32, Handle),
}

/// The bytes of a collection's handle.
type Handle = [MaybeUninit<u64>; 2];

/// Takes a collection apart into bytes, which are to become one again.
fn handle_of<T>(collection: T) -> Handle {
    const { assert!(size_of::<T>() <= size_of::<Handle>() && align_of::<T>() <= align_of::<Handle>()) }
    let mut handle = [MaybeUninit::uninit(); 2];
    // SAFETY: the handle has the room and the alignment, as asserted above.
    unsafe { handle.as_mut_ptr().cast::<T>().write(collection) };
    handle
}

/// Where a handle lies behind a front of this size.
#[inline]
fn handle_offset(front: usize) -> usize {
    front.next_multiple_of(align_of::<Handle>())
}

/// The value as others see it.
pub(super) enum View<'a> {
    Int(i64),
    Embstr(&'a [u8]),
    Raw(&'a [u8]),
    Long(LongRef<'a>),
    /// Never a string.
    Object(ValueRef<'a>),
}

impl Front<'_> {
    fn size(self) -> usize {
        front_size(self.expire.is_some(), self.key.len())
    }
}

fn front_size(has_expire: bool, key_len: usize) -> usize {
    HEAD_SIZE + if has_expire { EXPIRE_SIZE } else { 0 } + len_size(key_len) + key_len
}

impl<'a> Body<'a> {
    /// Frees what the body points at.
    ///
    /// # Safety
    /// It is not used again.
    unsafe fn free(self) {
        // SAFETY: as the caller says; the handle is of the type that stands beside it.
        unsafe {
            match self {
                Body::Int(_) | Body::Inline(..) => {}
                Body::Long(long) => long.free(),
                Body::Object(kind, mut handle) => {
                    let at = handle.as_mut_ptr();
                    match kind {
                        LIST => at.cast::<List>().drop_in_place(),
                        SET => at.cast::<Set>().drop_in_place(),
                        SORTED_SET => at.cast::<SortedSet>().drop_in_place(),
                        HASH => at.cast::<Hash>().drop_in_place(),
                        STREAM => at.cast::<Stream>().drop_in_place(),
                        kind => unreachable!("no type has the number {kind}"),
                    }
                }
            }
        }
    }

    /// The body that keeps a value; a long string is copied into a long string.
    fn of(value: Stored<'a>) -> Body<'a> {
        match value {
            Stored::Int(n) => Body::Int(n),
            Stored::Embstr(s) => Body::Inline(EMBSTR, s, s.len()),
            Stored::Raw(s) if s.len() <= INLINE_MAX => Body::Inline(RAW, s, s.len()),
            Stored::Raw(s) => Body::Long(Long::of(s)),
            Stored::Kept(s) => Body::Long(s.owned()),
            Stored::Object(Object::List(v)) => Body::Object(LIST, handle_of(v)),
            Stored::Object(Object::Set(v)) => Body::Object(SET, handle_of(v)),
            Stored::Object(Object::SortedSet(v)) => Body::Object(SORTED_SET, handle_of(v)),
            Stored::Object(Object::Hash(v)) => Body::Object(HASH, handle_of(v)),
            Stored::Object(Object::Stream(v)) => Body::Object(STREAM, handle_of(v)),
        }
    }

    /// Type and form, as they stand in the head.
    fn tag(self, front: usize) -> u32 {
        match self {
            Body::Int(n) => STRING | int_form(front, n) << FORM_SHIFT,
            Body::Inline(form, ..) => STRING | form << FORM_SHIFT,
            Body::Long(_) => STRING | LONG << FORM_SHIFT,
            Body::Object(kind, _) => kind | OBJECT << FORM_SHIFT,
        }
    }

    fn size(self, front: usize) -> usize {
        match self {
            Body::Int(n) => 1 << int_form(front, n),
            Body::Inline(_, _, len) => len_size(len) + len,
            Body::Long(_) => size_of::<Long>(),
            Body::Object(..) => handle_offset(front) - front + size_of::<Handle>(),
        }
    }
}

/// Does an integer of this form have room for `n`?
#[inline]
fn int_fits(form: u32, n: i64) -> bool {
    let unused = 64 - (8 << form);
    n == n << unused >> unused
}

/// Writes an integer in the bytes of a form, if it fits.
///
/// # Safety
/// There are `1 << form` bytes at `at`.
#[inline]
unsafe fn write_int(at: *mut u8, form: u32, n: i64) -> bool {
    let fits = int_fits(form, n);
    if fits {
        // SAFETY: as the caller says.
        unsafe {
            match form {
                0 => at.write(n as u8),
                1 => at.cast::<[u8; 2]>().write((n as u16).to_le_bytes()),
                2 => at.cast::<[u8; 4]>().write((n as u32).to_le_bytes()),
                _ => at.cast::<[u8; 8]>().write(n.to_le_bytes()),
            }
        }
    }
    fits
}

/// The form of an integer behind a front of this size: the fewest bytes that keep it, but so many that a
/// word that ends with it begins in the block, since that is how it is read.
#[inline]
fn int_form(front: usize, n: i64) -> u32 {
    (0..INT_8).find(|e| front + (1 << e) >= size_of::<i64>() && int_fits(*e, n)).unwrap_or(INT_8)
}

impl Block {
    /// # Safety
    /// `block` came from `as_ptr` of a block that is still live.
    #[inline]
    pub(super) unsafe fn from_ptr(block: *mut u8) -> Block {
        Block(block)
    }

    #[inline]
    pub(super) fn as_ptr(self) -> *mut u8 {
        self.0
    }

    pub(super) fn new(key: &[u8], value: Stored, expire: Option<i64>, lru: u32) -> Block {
        let front = Front { head: lru << LRU_SHIFT, expire, key };
        Block::make(front, Body::of(value))
    }

    fn make(front: Front, body: Body) -> Block {
        let front_size = front.size();
        let block = Block(allocate(front_size + body.size(front_size)));
        // SAFETY: the block has the size that front and body need.
        unsafe {
            let at = block.write_head(front.head, front.expire, body.tag(front_size));
            write_len(at, front.key.len());
            let at = at.add(len_size(front.key.len()));
            at.copy_from_nonoverlapping(front.key.as_ptr(), front.key.len());
            block.write_body(front_size, body);
        }
        block
    }

    /// Writes head and expiry time; returns where the key's length goes.
    unsafe fn write_head(self, head: u32, expire: Option<i64>, tag: u32) -> *mut u8 {
        let flag = if expire.is_some() { HAS_EXPIRE } else { 0 };
        let head = head & !(TYPE_MASK | FORM_MASK | HAS_EXPIRE) | tag | flag;
        // SAFETY: every block begins with a head, and an expiry time follows if there is one.
        unsafe {
            self.0.cast::<u32>().write(head);
            let after_head = self.0.add(HEAD_SIZE);
            match expire {
                None => after_head,
                Some(ms) => {
                    after_head.cast::<i64>().write_unaligned(ms);
                    after_head.add(EXPIRE_SIZE)
                }
            }
        }
    }

    unsafe fn write_body(self, front: usize, body: Body) {
        // SAFETY: the block has room for the body behind its front.
        unsafe {
            let at = self.0.add(front);
            match body {
                Body::Int(n) => {
                    let fits = write_int(at, int_form(front, n), n);
                    debug_assert!(fits, "a form is chosen for its integer");
                }
                Body::Inline(_, first, len) => {
                    write_len(at, len);
                    at.add(len_size(len)).copy_from_nonoverlapping(first.as_ptr(), first.len());
                }
                Body::Long(long) => at.cast::<Long>().write_unaligned(long),
                Body::Object(_, handle) => self.0.add(handle_offset(front)).cast::<Handle>().write(handle),
            }
        }
    }

    #[inline]
    unsafe fn head(self) -> u32 {
        // SAFETY: every block begins with a head, and blocks are aligned to 8.
        unsafe { self.0.cast::<u32>().read() }
    }

    #[inline]
    unsafe fn form(self) -> u32 {
        // SAFETY: as the caller says.
        (unsafe { self.head() } & FORM_MASK) >> FORM_SHIFT
    }

    #[inline]
    pub(super) unsafe fn lru(self) -> u32 {
        // SAFETY: as the caller says.
        unsafe { self.head() >> LRU_SHIFT }
    }

    #[inline]
    pub(super) unsafe fn set_lru(self, lru: u32) {
        // SAFETY: as the caller says.
        unsafe {
            let head = self.head() & ((1 << LRU_SHIFT) - 1) | lru << LRU_SHIFT;
            self.0.cast::<u32>().write(head);
        }
    }

    #[inline]
    pub(super) unsafe fn expire(self) -> Option<i64> {
        // SAFETY: an expiry time follows the head if it says so.
        unsafe {
            let has = self.head() & HAS_EXPIRE != 0;
            has.then(|| self.0.add(HEAD_SIZE).cast::<i64>().read_unaligned())
        }
    }

    /// The offset of the key's length.
    #[inline]
    unsafe fn key_offset(self) -> usize {
        // SAFETY: as the caller says.
        let flag = (unsafe { self.head() } & HAS_EXPIRE) as usize;
        HEAD_SIZE + flag / HAS_EXPIRE as usize * EXPIRE_SIZE
    }

    #[inline]
    pub(super) unsafe fn key<'a>(self) -> &'a [u8] {
        // SAFETY: a block has a key, whose length stands at its offset.
        unsafe {
            let at = self.0.add(self.key_offset());
            let (len, len_size) = read_len(at);
            std::slice::from_raw_parts(at.add(len_size), len)
        }
    }

    /// The size of all before the value.
    #[inline]
    unsafe fn front_size(self) -> usize {
        // SAFETY: as in `key`.
        unsafe {
            let at = self.key_offset();
            let (len, len_size) = read_len(self.0.add(at));
            at + len_size + len
        }
    }

    #[inline]
    unsafe fn body<'a>(self) -> Body<'a> {
        // SAFETY: the value lies behind the front, in the form that the form names. An integer is read as
        // the word that ends with it, which `int_form` made sure begins in the block; its bytes are the
        // word's top ones.
        unsafe {
            let at = self.0.add(self.front_size());
            match self.form() {
                form @ 0..=INT_8 => {
                    let width = 1usize << form;
                    let word = at.add(width).sub(8).cast::<[u8; 8]>().read();
                    Body::Int(i64::from_le_bytes(word) >> (64 - 8 * width))
                }
                LONG => Body::Long(at.cast::<Long>().read_unaligned()),
                OBJECT => Body::Object(self.head() & TYPE_MASK, self.handle().read()),
                form => {
                    let (len, len_size) = read_len(at);
                    Body::Inline(form, std::slice::from_raw_parts(at.add(len_size), len), len)
                }
            }
        }
    }

    /// Where the handle of a collection lies.
    #[inline]
    unsafe fn handle(self) -> *mut Handle {
        // SAFETY: as the caller says; it follows the front.
        unsafe { self.0.add(handle_offset(self.front_size())).cast() }
    }

    #[inline]
    pub(super) unsafe fn view<'a>(self) -> View<'a> {
        // SAFETY: as the caller says. A long string belongs to this one, and so does a handle, which is of the
        // type in the head.
        unsafe {
            match self.body() {
                Body::Int(n) => View::Int(n),
                Body::Inline(EMBSTR, s, _) => View::Embstr(s),
                Body::Inline(_, s, _) => View::Raw(s),
                Body::Long(long) => View::Long(LongRef::new(long)),
                Body::Object(kind, _) => {
                    let at = self.handle();
                    View::Object(match kind {
                        LIST => ValueRef::List(&*at.cast::<List>()),
                        SET => ValueRef::Set(&*at.cast::<Set>()),
                        SORTED_SET => ValueRef::SortedSet(&*at.cast::<SortedSet>()),
                        HASH => ValueRef::Hash(&*at.cast::<Hash>()),
                        STREAM => ValueRef::Stream(&*at.cast::<Stream>()),
                        kind => unreachable!("no type has the number {kind}"),
                    })
                }
            }
        }
    }

    #[inline]
    pub(super) unsafe fn value_mut<'a>(self) -> ValueMut<'a> {
        // SAFETY: as in `view`.
        unsafe {
            if self.form() != OBJECT {
                return ValueMut::Str;
            }
            let at = self.handle();
            match self.head() & TYPE_MASK {
                LIST => ValueMut::List(&mut *at.cast::<List>()),
                SET => ValueMut::Set(&mut *at.cast::<Set>()),
                SORTED_SET => ValueMut::SortedSet(&mut *at.cast::<SortedSet>()),
                HASH => ValueMut::Hash(&mut *at.cast::<Hash>()),
                STREAM => ValueMut::Stream(&mut *at.cast::<Stream>()),
                kind => unreachable!("no type has the number {kind}"),
            }
        }
    }

    unsafe fn size(self) -> usize {
        // SAFETY: as the caller says.
        unsafe {
            let front = self.front_size();
            let body = match self.form() {
                form @ 0..=INT_8 => 1 << form,
                LONG => size_of::<Long>(),
                OBJECT => handle_offset(front) - front + size_of::<Handle>(),
                _ => {
                    let (len, len_size) = read_len(self.0.add(front));
                    len_size + len
                }
            };
            front + body
        }
    }

    unsafe fn front<'a>(self) -> Front<'a> {
        // SAFETY: as the caller says.
        unsafe { Front { head: self.head(), expire: self.expire(), key: self.key() } }
    }

    /// The sizes of this block and of a long string's.
    pub(super) unsafe fn memory(self) -> usize {
        // SAFETY: as the caller says.
        unsafe {
            let more = match self.body() {
                Body::Long(long) => long.memory(),
                Body::Int(_) | Body::Inline(..) | Body::Object(..) => 0,
            };
            class(self.size()) + more
        }
    }

    /// Leaves block and string to the parent. What a collection points at stays.
    pub(super) unsafe fn give_back(self, pages: &mut GiveBack) {
        // SAFETY: as the caller says; the string's block is this one's alone.
        unsafe {
            let (body, size) = (self.body(), class(self.size()));
            if let Body::Long(long) = body {
                long.give_back(pages);
            }
            pages.block(self.0, size);
        }
    }

    /// Frees the block, but not what its body points at.
    unsafe fn free_this(self) {
        // SAFETY: blocks are allocated with the size of what they hold, or one of the same class.
        unsafe { free(self.0, self.size()) }
    }

    pub(super) unsafe fn free_all(self) {
        // SAFETY: as the caller says.
        unsafe {
            self.body().free();
            self.free_this();
        }
    }

    /// Replaces the value, and sets or removes the expiry time.
    #[inline]
    pub(super) unsafe fn with_value(self, value: Stored, expire: Option<i64>) -> Block {
        // SAFETY: as the caller says.
        unsafe {
            if self.overwrite(&value) {
                if expire == self.expire() { self } else { self.with_expire(expire) }
            } else {
                self.with_other_value(value, expire)
            }
        }
    }

    /// Writes a value over one of the same form and length, which is what most writes come to: counters, and
    /// records of a fixed size.
    #[inline]
    unsafe fn overwrite(self, value: &Stored) -> bool {
        // SAFETY: what is written takes up the bytes of what was there.
        unsafe {
            let form = self.form();
            let at = self.0.add(self.front_size());
            let (new_form, s) = match value {
                Stored::Int(n) => return form <= INT_8 && write_int(at, form, *n),
                Stored::Embstr(s) => (EMBSTR, *s),
                Stored::Raw(s) => (RAW, *s),
                Stored::Kept(_) | Stored::Object(_) => return false,
            };
            if form != new_form {
                return false;
            }
            let (len, len_size) = read_len(at);
            if len == s.len() {
                at.add(len_size).copy_from_nonoverlapping(s.as_ptr(), len);
            }
            len == s.len()
        }
    }

    unsafe fn with_other_value(self, value: Stored, expire: Option<i64>) -> Block {
        // SAFETY: as the caller says. A long string that the value is not written into is freed once.
        unsafe {
            let old = self.body();
            if let (Body::Long(mut long), Stored::Raw(s)) = (old, &value)
                && s.len() > INLINE_MAX
            {
                let block = self.with_expire(expire);
                if !long.overwrite(s) {
                    long.free();
                    long = Long::of(s);
                }
                block.0.add(block.front_size()).cast::<Long>().write_unaligned(long);
                return block;
            }
            let block = self.with_body(Body::of(value), expire);
            old.free();
            block
        }
    }

    /// Replaces the body by one that lies elsewhere, and sets or removes the expiry time. What the old body
    /// points at is left alone.
    unsafe fn with_body(self, body: Body, expire: Option<i64>) -> Block {
        // SAFETY: written in place, front and body do not take up more than the block's class.
        unsafe {
            let old = self.front();
            let front = Front { expire, ..old };
            let front_size = front.size();
            let fits = class(front_size + body.size(front_size)) == class(self.size());
            if !fits {
                let block = Block::make(front, body);
                self.free_this();
                return block;
            }
            self.move_key(expire.is_some(), 0);
            self.write_head(old.head, expire, body.tag(front_size));
            self.write_body(front_size, body);
            self
        }
    }

    /// Moves the key, and `body` bytes behind it, to where they go with or without an expiry time. The head
    /// stays.
    unsafe fn move_key(self, has_expire: bool, body: usize) {
        // SAFETY: the caller has seen to it that the block has room.
        unsafe {
            let from = self.key_offset();
            let to = HEAD_SIZE + if has_expire { EXPIRE_SIZE } else { 0 };
            if from != to {
                let len = self.front_size() - from + body;
                self.0.add(to).copy_from(self.0.add(from), len);
            }
        }
    }

    pub(super) unsafe fn with_expire(self, expire: Option<i64>) -> Block {
        // SAFETY: as the caller says; in place, the block's class has room for all that is moved.
        unsafe {
            let front = Front { expire, ..self.front() };
            let body = self.body();
            if let Body::Int(_) = body {
                // Its width may have to change.
                return self.with_body(body, expire);
            }
            let front_size = front.size();
            let body_size = body.size(front_size);
            if class(front_size + body_size) != class(self.size()) {
                let block = Block::make(front, body);
                self.free_this();
                return block;
            }
            self.move_key(expire.is_some(), body_size);
            self.write_head(front.head, expire, body.tag(front_size));
            self
        }
    }

    pub(super) unsafe fn with_key(self, key: &[u8]) -> Block {
        // SAFETY: as the caller says; a long string goes over to the new block.
        unsafe {
            let block = Block::make(Front { key, ..self.front() }, self.body());
            self.free_this();
            block
        }
    }

    /// Makes the value raw and at least `min_len` long; returns its old length, from which on it is yet to be
    /// written.
    pub(super) unsafe fn with_room(self, min_len: usize) -> (Block, usize) {
        // SAFETY: as the caller says.
        match unsafe { self.body() } {
            Body::Int(n) => {
                let mut digits = itoa::Buffer::new();
                let digits = digits.format(n).as_bytes();
                // SAFETY: as the caller says.
                (unsafe { self.with_string(digits, min_len) }, digits.len())
            }
            Body::Inline(form, s, len) => {
                let new_len = len.max(min_len);
                if form == RAW && new_len == len {
                    return (self, len);
                }
                // SAFETY: the block's class has room for the new length, whose bytes are as many as before.
                unsafe {
                    let front = self.front_size();
                    let grown = self.size() - len + new_len;
                    if len_size(new_len) == len_size(len) && class(grown) == class(self.size()) {
                        let head = self.head() & !FORM_MASK | RAW << FORM_SHIFT;
                        self.0.cast::<u32>().write(head);
                        write_len(self.0.add(front), new_len);
                        return (self, len);
                    }
                    (self.with_string(s, min_len), len)
                }
            }
            Body::Object(..) => unreachable!("only a string is changed in place"),
            // SAFETY: the long string belongs to this one, which is told where it went.
            Body::Long(mut long) => unsafe {
                let len = long.bytes().len();
                if min_len > len {
                    long.grow(min_len);
                } else {
                    long.make_own(0);
                }
                self.0.add(self.front_size()).cast::<Long>().write_unaligned(long);
                (self, len)
            },
        }
    }

    pub(super) unsafe fn with_room_for_more(self, more: usize) -> (Block, usize) {
        // SAFETY: as the caller says.
        let len = match unsafe { self.view() } {
            View::Int(n) => itoa::Buffer::new().format(n).len(),
            View::Embstr(s) | View::Raw(s) => s.len(),
            View::Long(s) => s.bytes().len(),
            View::Object(_) => unreachable!("only a string is changed in place"),
        };
        // SAFETY: as the caller says.
        unsafe { self.with_room(len + more) }
    }

    /// Another block, with a raw string that begins with `first` and is at least `min_len` long. This one is
    /// freed, `first` may be a part of it.
    unsafe fn with_string(self, first: &[u8], min_len: usize) -> Block {
        let len = first.len().max(min_len);
        let body = if len <= INLINE_MAX {
            Body::Inline(RAW, first, len)
        } else if first.is_empty() {
            // Not a string that grows, but one made by SETRANGE or its like.
            Body::Long(Long::unwritten(len))
        } else {
            let mut long = Long::of(first);
            // SAFETY: it was just made.
            unsafe { long.grow(len) };
            Body::Long(long)
        };
        // SAFETY: as the caller says.
        unsafe {
            let block = Block::make(self.front(), body);
            self.free_this();
            block
        }
    }

    /// The bytes of a raw string.
    pub(super) unsafe fn raw_bytes(self) -> RawBytes {
        // SAFETY: as the caller says.
        unsafe {
            match self.form() {
                LONG => {
                    let long = self.0.add(self.front_size()).cast::<Long>().read_unaligned();
                    RawBytes { start: long.start(), len: long.bytes().len() }
                }
                RAW => {
                    let at = self.0.add(self.front_size());
                    let (len, len_size) = read_len(at);
                    RawBytes { start: at.add(len_size), len }
                }
                _ => unreachable!("only a raw string is changed in place"),
            }
        }
    }
}
