//! Against servers on loopback that play a part.

use std::time::Duration;

use contract::jobs::Turn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const HELLO: &str = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null},\"finish_reason\":null}]}\n\n\
                     data: {\"choices\":[{\"delta\":{\"content\":\"Grüß\"},\"finish_reason\":null}]}\n\n\
                     data: {\"choices\":[{\"delta\":{\"content\":\" Gott\"},\"finish_reason\":null}]}\n\n\
                     data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}],\"usage\":null}\n\n\
                     data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5}}\n\n\
                     data: [DONE]\n\n";

fn prompt() -> Prompt {
    let messages = vec![Turn { role: "user".to_owned(), content: "hello".to_owned() }];
    Prompt { messages, max_tokens: 5, temperature: 0.5, top_p: 0.9, seed: Some(7) }
}

/// Reads one request whole and gives its body.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() == length.parse::<usize>().unwrap() {
                return format!("{}\n{body}", head.lines().next().unwrap());
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ends early");
    }
}

/// A server that gives every connection this answer, cut into parts of so many bytes.
async fn server(answer: String, part: usize) -> (String, UnboundedReceiver<String>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (answer, sender) = (answer.clone(), sender.clone());
            tokio::spawn(async move {
                drop(sender.send(request(&mut stream).await));
                for bytes in answer.as_bytes().chunks(part) {
                    stream.write_all(bytes).await.unwrap();
                    tokio::task::yield_now().await;
                }
            });
        }
    });
    (url, requests, task)
}

async fn all(mut generation: Generation) -> (String, u32, Result<Piece, Failure>) {
    let (mut text, mut counted) = (String::new(), 0);
    loop {
        match generation.pieces.recv().await.expect("a text without an end") {
            Ok(Piece::Text { text: more, tokens }) => {
                text.push_str(&more);
                counted += tokens;
            }
            end @ (Ok(Piece::End { .. }) | Err(_)) => return (text, counted, end),
        }
    }
}

async fn ask(url: &str) -> (String, u32, Result<Piece, Failure>) {
    all(Http::new(Settings::new(url, "m", 2)).unwrap().start(prompt())).await
}

#[tokio::test]
async fn a_text_comes_as_the_server_makes_it_wherever_it_is_cut() {
    for part in [1, 7, 4096] {
        let (url, mut requests, _task) = server(format!("{HEAD}{HELLO}"), part).await;

        let answer = ask(&format!("{url}/v1/")).await;

        let expected = ("Grüß Gott".to_owned(), 5, Ok(Piece::End { finish: Finish::Length, prompt_tokens: 7 }));
        assert_eq!(answer, expected, "in parts of {part} bytes");
        let request = requests.recv().await.unwrap();
        let (line, body) = request.split_once('\n').unwrap();
        assert_eq!(line, "POST /v1/chat/completions HTTP/1.1");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let asked = json!({ "model": "m", "messages": [{ "role": "user", "content": "hello" }], "max_tokens": 5, "temperature": 0.5,
                            "top_p": 0.9, "stream": true, "stream_options": { "include_usage": true }, "seed": 7 });
        assert_eq!(body, asked, "the server would make another text than was asked for");
    }
}

#[tokio::test]
async fn what_the_server_says_of_the_request_is_a_refusal_and_all_else_may_be_tried_again() {
    let answers = [
        (
            400,
            r#"{"error":{"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            "prompt_too_long",
        ),
        (400, r#"{"object":"error","message":"This model's maximum context length is 5","type":"BadRequestError"}"#, "prompt_too_long"),
        (422, r#"{"error":{"message":"temperature"}}"#, "refused_by_server"),
        (404, r#"{"error":{"message":"no such model"}}"#, ""),
        (429, "slow down", ""),
        (503, r#"{"error":{"message":"Loading model","type":"unavailable_error"}}"#, ""),
    ];
    for (status, body, expected) in answers {
        let (url, _requests, _task) =
            server(format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()), 4096).await;

        let failure = ask(&url).await.2.unwrap_err();

        let reason = if let Failure::Refused { reason, .. } = &failure { reason } else { "" };
        assert_eq!(reason, expected, "{failure:?}");
        assert!(failure.to_string().contains(&status.to_string()), "nobody would know what the server said: {failure}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_text() {
    let cut = HELLO.split("data: {\"choices\":[{\"delta\":{}").next().unwrap();
    for (answer, expected) in [
        (format!("{HEAD}{cut}"), "ended in the middle"),
        (format!("{HEAD}data: {{\"error\":{{\"message\":\"out of memory\"}}}}\n\n"), "out of memory"),
        (format!("{HEAD}data: nonsense\n\n"), "cannot be read"),
    ] {
        let (url, _requests, _task) = server(answer, 4096).await;

        let failure = ask(&url).await.2.unwrap_err();

        assert!(matches!(&failure, Failure::Broken { message } if message.contains(expected)), "half a text would be kept: {failure:?}");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closes_while_it_is_asked_costs_no_text() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let kept = HEAD.replace("connection: close", &format!("content-length: {}", HELLO.len()));
    let server = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        request(&mut first).await;
        first.write_all(format!("{kept}{HELLO}").as_bytes()).await.unwrap();
        request(&mut first).await;
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        request(&mut second).await;
        second.write_all(format!("{kept}{HELLO}").as_bytes()).await.unwrap();
    });
    let engine = Http::new(Settings::new(&url, "m", 2)).unwrap();

    let answers = [all(engine.start(prompt())).await, all(engine.start(prompt())).await];

    for (text, _, end) in answers {
        assert_eq!((text.as_str(), end.is_ok()), ("Grüß Gott", true), "one try of the job would be used up: {end:?}");
    }
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_or_says_nothing_is_broken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = Settings { silence: Duration::from_millis(50), ..Settings::new(&url, "m", 1) };

    let silence = all(Http::new(silent).unwrap().start(prompt())).await.2.unwrap_err();
    drop(listener);
    let nobody = ask(&url).await.2.unwrap_err();

    assert!(silence.to_string().ends_with("said nothing for 0.05 seconds"), "a worker would wait for ever: {silence}");
    assert!(matches!(&nobody, Failure::Broken { message } if message.contains("cannot be asked")), "{nobody:?}");
}

#[tokio::test]
async fn who_goes_away_closes_the_connection_and_frees_the_slot() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let http = Http::new(Settings::new(url, "m", 1)).unwrap();
    let (first, second) = (http.start(prompt()), http.start(prompt()));
    let (mut stream, _) = listener.accept().await.unwrap();
    request(&mut stream).await;
    stream.write_all(HEAD.as_bytes()).await.unwrap();

    drop(first);

    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0, "the server would go on with a text that nobody reads");
    let (mut stream, _) = listener.accept().await.unwrap();
    request(&mut stream).await;
    stream.write_all(format!("{HEAD}{HELLO}").as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(all(second).await.0, "Grüß Gott", "the slot would be lost");
}

#[tokio::test]
async fn a_key_is_shown_to_the_server_and_to_nobody_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let with = |url: &str| Settings { key: Key::new("sk-secret\n"), ..Settings::new(url, "m", 1) };
    let http = Http::new(with(&url)).unwrap();

    let _generation = http.start(prompt());
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"}") {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request ends early");
    }
    let away = Http::new(with("http://models.example.com")).unwrap_err();

    assert!(String::from_utf8(bytes).unwrap().contains("\r\nauthorization: Bearer sk-secret\r\n"), "the server would refuse every job");
    assert!(matches!(away, SetupError::InClear { .. }), "somebody on the way would have the key: {away}");
    assert!(!format!("{http:?}").contains("secret"), "the key would be in a log");
    assert_eq!(["", " \n", "two words", "line\nbreak"].map(Key::new), [None, None, None, None], "it would forge a header");
}

#[test]
fn an_address_is_checked_before_the_first_job() {
    let good = ["http://127.0.0.1:8000", "https://models.internal/", "http://host/v1", "http://[::1]:80/proxy"].map(uri);
    let bad = ["", "none", "ftp://host", "http://", "http://:80", "http://a b", "host:8000"].map(uri);

    assert_eq!(good[2].as_deref(), Some("http://host/v1/chat/completions"));
    assert_eq!(good[3].as_deref(), Some("http://[::1]:80/proxy/v1/chat/completions"));
    assert!(good.iter().all(Option::is_some) && bad.iter().all(Option::is_none), "{good:?} {bad:?}");
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let mut generation = Http::new(Settings::new("http://127.0.0.1:1", "m", 1)).unwrap().start(prompt());

    assert!(matches!(generation.pieces.try_recv(), Ok(Err(Failure::Broken { .. }))));
}
