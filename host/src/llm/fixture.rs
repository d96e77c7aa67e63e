//! A scripted HTTP server on a loopback port, for tests of what endpoints do wrong.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

/// What the server does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Play {
    Http {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// A reset before any answer.
    ResetAtOnce,
    /// A reset, or an orderly end, in the middle of the body of a 200.
    BreakOff {
        reset: bool,
    },
    /// Blank lines while the model works, then the body.
    KeepAlive(Box<Self>),
    Slow(Duration, Box<Self>),
    /// No answer, ever.
    Hang,
    /// A body without end.
    Endless,
    /// Pieces of an event stream, with a wait before each; the end is a reset, an orderly one, or none.
    Stream {
        pieces: Vec<(Duration, Vec<u8>)>,
        end: StreamEnd,
    },
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum StreamEnd {
    Close,
    Reset,
    Silence,
}

impl Play {
    /// A stream whose pieces come at once, one after the other.
    pub(crate) fn stream(pieces: &[impl AsRef<[u8]>], end: StreamEnd) -> Self {
        let pieces = pieces.iter().map(|piece| (Duration::from_millis(1), piece.as_ref().to_vec())).collect();
        Self::Stream { pieces, end }
    }

    pub(crate) fn http(status: u16, body: &Value) -> Self {
        Self::Http { status, headers: Vec::new(), body: body.to_string() }
    }

    pub(crate) fn with(self, name: &'static str, value: impl std::fmt::Display) -> Self {
        match self {
            Self::Http { status, mut headers, body } => {
                headers.push((name, value.to_string()));
                Self::Http { status, headers, body }
            }
            other => other,
        }
    }

    pub(crate) fn error(status: u16, message: &str, code: &str) -> Self {
        Self::http(status, &json!({"error": {"message": message, "type": "error", "param": null, "code": code}}))
    }

    pub(crate) fn says(content: &str) -> Self {
        Self::message(&json!({"role": "assistant", "content": content}), "stop")
    }

    pub(crate) fn message(message: &Value, finish: &str) -> Self {
        Self::http(
            200,
            &json!({"id": "c", "object": "chat.completion", "model": "served",
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}}),
        )
    }
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Request line and headers, as sent.
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Plays its script in the order in which requests come, then says `ok`.
pub(crate) struct Server {
    pub(crate) base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: AbortHandle,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
        let log = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&script), Arc::clone(&log)));
            }
        });
        Self { base_url, seen, task: task.abort_handle() }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic while locked").clone()
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.seen().into_iter().map(|seen| seen.body).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, script: Arc<Mutex<VecDeque<Play>>>, log: Arc<Mutex<Vec<Seen>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    log.lock().expect("no panic while locked").push(Seen { head, body });
    let play = script.lock().expect("no panic while locked").pop_front().unwrap_or_else(|| Play::says("ok"));
    act(stream.into_inner(), play).await
}

async fn act(mut stream: TcpStream, play: Play) -> Option<()> {
    match play {
        Play::Http { status, headers, body } => {
            let headers = headers.iter().fold(String::new(), |all, (name, value)| format!("{all}{name}: {value}\r\n"));
            let head =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).await.ok()?;
            stream.shutdown().await.ok()
        }
        Play::ResetAtOnce => stream.set_zero_linger().ok(),
        Play::BreakOff { reset } => {
            let part = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"choices\": [{\"mess";
            stream.write_all(part.as_bytes()).await.ok()?;
            if reset {
                stream.flush().await.ok()?;
                tokio::time::sleep(Duration::from_millis(50)).await;
                stream.set_zero_linger().ok()?;
            }
            Some(())
        }
        Play::KeepAlive(play) => {
            let Play::Http { body, .. } = *play else { return None };
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.ok()?;
            for _ in 0..3 {
                stream.write_all(b"\n").await.ok()?;
                stream.flush().await.ok()?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stream.write_all(body.as_bytes()).await.ok()
        }
        Play::Slow(wait, play) => {
            tokio::time::sleep(wait).await;
            Box::pin(act(stream, *play)).await
        }
        Play::Hang => {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.ok().map(|_| ())
        }
        Play::Stream { pieces, end } => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await.ok()?;
            for (wait, piece) in pieces {
                tokio::time::sleep(wait).await;
                let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
                stream.write_all(&chunk).await.ok()?;
            }
            match end {
                StreamEnd::Close => stream.write_all(b"0\r\n\r\n").await.ok(),
                StreamEnd::Reset => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    stream.set_zero_linger().ok()
                }
                StreamEnd::Silence => Box::pin(act(stream, Play::Hang)).await,
            }
        }
        Play::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(&[b' '; 8192]).await.ok()?;
            }
        }
    }
}
