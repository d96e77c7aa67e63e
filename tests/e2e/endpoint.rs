//! Endpoints for the tests: the real model server, and a scripted one for what the real one will not do on demand.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use crate::support::root;

/// The base URL of llama.cpp's server with SmolLM2. Started once; it ends when this process does, because its standard
/// input closes then.
pub fn model_server() -> &'static str {
    static SERVER: OnceLock<(Child, String)> = OnceLock::new();
    let (_, url) = SERVER.get_or_init(|| {
        let python = root().join("target/model-server/venv/bin/python");
        assert!(python.is_file(), "{} is missing: run `make model-server` first", python.display());
        let mut child = Command::new(python)
            .arg(root().join("examples/model-server/serve.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the model server starts");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut url).expect("the model server says where it listens");
        (child, url.trim().to_owned())
    });
    url
}

/// An endpoint that answers each request as a function of its body says.
pub struct Scripted {
    pub url: String,
    requests: Arc<AtomicUsize>,
}

impl Scripted {
    pub fn start(answer: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counted, answer) = (Arc::clone(&counted), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &counted, &*answer));
            }
        });
        Self { url, requests }
    }

    /// An endpoint whose model always says the same.
    pub fn saying(content: &str) -> Self {
        let content = content.to_owned();
        Self::start(move |_| (200, completion(&content)))
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// The body of a chat completion.
pub fn completion(content: &str) -> Value {
    json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "scripted",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    })
}

fn serve(stream: TcpStream, requests: &AtomicUsize, answer: &dyn Fn(&Value) -> (u16, Value)) {
    let mut reader = BufReader::new(stream);
    while let Some(body) = read_request(&mut reader) {
        requests.fetch_add(1, Ordering::SeqCst);
        let (status, reply) = answer(&body);
        let reply = reply.to_string();
        let head = format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            reply.len()
        );
        // In one piece: a second small one would wait for the first to be acknowledged.
        if reader.get_mut().write_all((head + &reply).as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap_or(Value::Null))
}
