//! Rules of ACL SETUSER and ACL files: what is taken can be written, and what is written is taken again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oxidis::acl::{Commands, Context, Users, describe};
use oxidis::util::log::{Level, set_level};
use std::sync::LazyLock;

static COMMANDS: LazyLock<Commands> = LazyLock::new(|| Commands::new(std::iter::empty()));

fuzz_target!(init: set_level(Level::Warning), |data: &[u8]| {
    let context = Context { commands: &COMMANDS, all_channels: data.len() % 2 == 1 };
    let rules: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    if let Ok(user) = Users::default().changed(b"bob", &rules, context) {
        let text = describe::user(&user, context.commands);
        let line = [b"user bob ", &*text].concat();
        // Redis cannot read these back either: a pattern `*` is written as if it were all keys or channels, and an
        // argument may hold what parts rules.
        let all = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
        let odd = user.selectors.iter().any(|selector| {
            let arguments = selector.first_args.iter().flat_map(|(_, arguments)| arguments);
            arguments.clone().count() > 0
        });
        if !all(b"~*") && !all(b"&*") && !all(b"(") && !all(b")") && !odd {
            let users = Users::parse(&line, "f", context).expect("what is written is taken again");
            let again = &users[users.find(b"bob").expect("it has the user")];
            assert_eq!(describe::user(again, context.commands), text);
        }
    }
    let _ = Users::parse(data, "f", context);
    let _ = oxidis::acl::users::check_rules(&rules, context);
});
