//! A server that does nothing of its own: it knows each request of the bench by its first bytes and its length, and sends
//! the answer that it has by heart. What it spends is what the kernel takes for reading, writing and waiting, which no
//! server of one thread gets below; how far a server is from it is all that its own code can win.

use super::{own_key, rows, subscriber};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};

/// A request's length and first bytes, and its answer.
struct Known {
    length: usize,
    begin: Vec<u8>,
    answer: Answer,
}

enum Answer {
    Plain(Vec<u8>),
    /// So many messages, each of which is answered with the number of subscribers.
    Messages(usize),
}

struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    /// Whether it takes messages, and whether by pattern.
    subscribed: Option<bool>,
    due: Vec<u8>,
}

fn known() -> Vec<Known> {
    let mut known = Vec::new();
    for row in rows().iter().filter(|row| row.known_by_heart()) {
        for (request, answer) in &row.steps {
            let request = own_key(&String::from_utf8_lossy(request), 0).into_bytes();
            let answer = match row.listeners.len() {
                0 => Answer::Plain(answer.clone()),
                _ => Answer::Messages(row.operations),
            };
            known.push(Known { length: request.len(), begin: request[..12].to_vec(), answer });
        }
    }
    known
}

/// Serves connections to a port until the process is killed.
pub fn serve(port: u16) {
    const NEW: Token = Token(usize::MAX);
    let mut poll = Poll::new().expect("a poll");
    let mut listener = TcpListener::bind(([127, 0, 0, 1], port).into()).expect("a free port");
    poll.registry().register(&mut listener, NEW, Interest::READABLE).expect("a listener");
    let known = known();
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 1 << 20];
    loop {
        poll.poll(&mut events, None).expect("a poll");
        let mut messages = 0;
        let mut asked = Vec::new();
        let subscribers = clients.iter().flatten().filter(|client| client.subscribed.is_some()).count();
        for event in &events {
            if event.token() == NEW {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true).expect("a socket");
                    let token = Token(clients.len());
                    poll.registry().register(&mut stream, token, Interest::READABLE).expect("a socket");
                    clients.push(Some(Client {
                        stream,
                        received: Vec::new(),
                        subscribed: None,
                        due: Vec::new(),
                    }));
                }
                continue;
            }
            let Some(client) = &mut clients[event.token().0] else { continue };
            match client.stream.read(&mut buffer) {
                Ok(0) => {
                    clients[event.token().0] = None;
                    continue;
                }
                Ok(n) => client.received.extend_from_slice(&buffer[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => continue,
                Err(e) => panic!("a client: {e}"),
            }
            messages += client.answer(&known, subscribers);
            asked.push(event.token().0);
        }
        if messages > 0 {
            let due = [false, true].map(|by_pattern| subscriber(by_pattern, messages).hears.into_bytes());
            for client in clients.iter_mut().flatten() {
                if let Some(by_pattern) = client.subscribed {
                    client.due.extend_from_slice(&due[usize::from(by_pattern)]);
                    client.send();
                }
            }
        }
        for token in asked {
            if let Some(client) = &mut clients[token] {
                client.send();
            }
        }
    }
}

impl Client {
    /// Makes the answer to what has come, once it is whole. How many messages that published.
    fn answer(&mut self, known: &[Known], subscribers: usize) -> usize {
        let by_heart =
            |known: &&Known| self.received.len() == known.length && self.received.starts_with(&known.begin);
        if let Some(known) = known.iter().find(by_heart) {
            self.received.clear();
            match &known.answer {
                Answer::Plain(bytes) => self.due.extend_from_slice(bytes),
                Answer::Messages(n) => {
                    self.due.extend_from_slice(format!(":{subscribers}\r\n").repeat(*n).as_bytes());
                    return *n;
                }
            }
            return 0;
        }
        if let Some(by_pattern) =
            [false, true].into_iter().find(|p| self.received == subscriber(*p, 0).begins.0.as_bytes())
        {
            self.subscribed = Some(by_pattern);
            self.due.extend_from_slice(subscriber(by_pattern, 0).begins.1.as_bytes());
            self.received.clear();
        } else if self.received.starts_with(b"*3\r\n$3\r\nSET\r\n") {
            // The key that a connection begins with.
            self.due.extend_from_slice(b"+OK\r\n");
            self.received.clear();
        }
        0
    }

    /// Sends what is due. A client reads what it is sent before it asks again, so that the socket takes all of it.
    fn send(&mut self) {
        if !self.due.is_empty() {
            let mut due = std::mem::take(&mut self.due);
            let mut rest = &due[..];
            while !rest.is_empty() {
                match self.stream.write(rest) {
                    Ok(n) => rest = &rest[n..],
                    Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                    Err(_) => break,
                }
            }
            due.clear();
            self.due = due;
        }
    }
}
