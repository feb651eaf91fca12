//! The example does what it says.

#[path = "../examples/chat.rs"]
mod chat;

#[test]
fn three_clients_hear_each_other() {
    chat::main().unwrap();
}
