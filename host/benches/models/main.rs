//! Measures model calls at a loopback endpoint.
//!
//! `models serve` is that endpoint, in a process of its own: it answers every request at once with the same verdict, and
//! prints its base URL. `models latency CACHE CALLS` prints as JSON how long calls take, in microseconds, while the
//! workers have nothing to do and while each core has programs to execute.

#![allow(
    clippy::exit,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark fails by panicking, prints its figures, and belongs to no library"
)]

use std::{
    io::BufRead,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use gradebox::{
    llm::{Endpoint, EndpointModel},
    model::{ChatModel, Request},
    sample::Message,
    sandbox::{Action, Catalog, CompileCache, Metering, ProgramLimits, ProgramRequest, Sandbox, SandboxSettings},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Calls under way at the same time.
const UNDER_WAY: usize = 4;

/// Between two calls of one of them, so that the endpoint and the host are mostly idle.
const PAUSE: Duration = Duration::from_millis(5);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve"] => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            // Ends when whoever started it closes its input.
            std::thread::spawn(|| {
                let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
                std::process::exit(0);
            });
            runtime.block_on(serve());
        }
        ["latency", cache, calls] => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
            let calls = calls.parse().expect("a number of calls");
            println!("{}", runtime.block_on(latency(Path::new(cache), calls)));
        }
        _ => panic!("usage: models serve | latency CACHE CALLS"),
    }
}

async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}/v1", listener.local_addr().expect("an address"));
    let verdict = json!({"reason": "it answers the question", "score": 5}).to_string();
    let body = json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "instant",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": verdict}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 12, "total_tokens": 112},
    })
    .to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    let answer: Arc<[u8]> = (head + &body).into_bytes().into();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(answer_all(stream, Arc::clone(&answer)));
    }
}

async fn answer_all(stream: TcpStream, answer: Arc<[u8]>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).await?;
        stream.write_all(&answer).await?;
    }
}

async fn latency(cache: &Path, calls: usize) -> Value {
    let (mut server, url) = start_server();
    let model = Arc::new(Endpoint::new("instant", url, "instant").connect().expect("an endpoint"));
    let jobs = std::thread::available_parallelism().expect("the number of cores").get();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_gradebox"));
    let sandbox = Sandbox::start(SandboxSettings { jobs, metering: Metering::Time, program, on_log: None });
    let cache = CompileCache::open(cache, Metering::Time).expect("the compile cache");
    let graders = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/graders");
    let catalog = Arc::new(Catalog::open(&sandbox, &cache, &[graders], &|_| ()).await.expect("the components"));
    time_calls(&model, 50).await;
    let idle = time_calls(&model, calls).await;
    let mut programs = JoinSet::new();
    for _ in 0..jobs * 4 {
        let (sandbox, catalog) = (sandbox.clone(), Arc::clone(&catalog));
        programs.spawn(async move {
            loop {
                execute(&sandbox, &catalog).await;
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let busy = time_calls(&model, calls).await;
    programs.abort_all();
    sandbox.close();
    let _ = server.kill();
    let _ = server.wait();
    json!({ "jobs": jobs, "idle_us": idle, "busy_us": busy })
}

fn start_server() -> (Child, String) {
    let mut server = Command::new(std::env::current_exe().expect("this program"))
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the endpoint starts");
    let mut url = String::new();
    let stdout = server.stdout.take().expect("a pipe");
    std::io::BufReader::new(stdout).read_line(&mut url).expect("the endpoint says where it listens");
    (server, url.trim().to_owned())
}

async fn execute(sandbox: &Sandbox, catalog: &Catalog) {
    let python = catalog.language("python").expect("the Python runtime: run `make graders`");
    let request = ProgramRequest {
        language: "python".to_owned(),
        source: "total = 0\nfor number in range(1_000_000):\n    total += number * number\n".to_owned(),
        action: Action::Script,
        stdin: vec![],
        limits: ProgramLimits::default(),
    };
    sandbox.exec(python, request).await.expect("an execution");
}

/// The time of each call, in microseconds and ascending.
async fn time_calls(model: &Arc<EndpointModel>, calls: usize) -> Vec<u128> {
    let mut callers = JoinSet::new();
    for _ in 0..UNDER_WAY {
        let model = Arc::clone(model);
        callers.spawn(async move {
            let request = Request { messages: vec![Message::user("Is it so?")], ..Request::default() };
            let mut times = Vec::new();
            for _ in 0..calls / UNDER_WAY {
                let began = Instant::now();
                model.complete(&request).await.0.expect("an answer");
                times.push(began.elapsed().as_micros());
                tokio::time::sleep(PAUSE).await;
            }
            times
        });
    }
    let mut times: Vec<u128> = callers.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    times
}
