//! The set group.

pub mod add;
pub mod algebra;
pub mod member;
pub mod random;
pub mod scan;
#[cfg(test)]
mod tests;

use crate::protocol::Reply;
use crate::value::set::Member;

fn reply_member(reply: &mut Reply, member: Member<'_>) {
    match member {
        Member::Str(bytes) => reply.bulk(bytes),
        Member::Int(number) => reply.bulk_int(number),
    }
}
