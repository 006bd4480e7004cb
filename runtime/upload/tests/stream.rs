//! The service as a server: real HTTP on loopback, and a store in memory that sees what arrives.
#![cfg(test)]

mod common;

use std::{net::SocketAddr, time::Duration};

use common::{
    Lines, MOST, SOMEBODY_ELSE, USER, bearer, config,
    http::{Open, PATIENT, Running, Told, call, locally, start},
    jpeg, service,
    store::MemoryStore,
};
use upload::server::Patience;

const PART: usize = 8 * 1024 * 1024;

async fn server(store: &MemoryStore) -> Running {
    start(service(config("stream"), store.clone(), Lines::default()), PATIENT).await
}

fn authorization(user: &str) -> String {
    format!("authorization: {}", bearer(user))
}

async fn post(address: SocketAddr, content_type: &str, body: Vec<u8>) -> Told {
    let (length, kind, token) = (format!("content-length: {}", body.len()), format!("content-type: {content_type}"), authorization(USER));
    call(address, &["POST /images HTTP/1.1", "host: a", &token, &kind, &length], body).await
}

async fn open_chunked(address: SocketAddr) -> Open {
    let token = authorization(USER);
    Open::new(address, &["POST /images HTTP/1.1", "host: a", &token, "content-type: image/jpeg", "transfer-encoding: chunked"]).await
}

/// Waits until the store was asked for that, by letting the server work.
async fn until(store: &MemoryStore, call: &str) {
    while !store.calls().contains(&call) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_hundred_megabytes_pass_and_arrive_as_they_are() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let picture = jpeg(MOST);

        let told = post(server.address, "image/jpeg", picture.clone()).await;

        assert_eq!(told.status, 201, "{}", told.text);
        let stored = store.look(|held| held.pictures.remove(told.body["key"].as_str().unwrap())).unwrap();
        assert!(stored == ("image/jpeg".to_owned(), picture), "another picture arrived than was sent");
        assert_eq!(store.calls().iter().filter(|call| **call == "part").count(), 13, "parts of another size");
    })
    .await;
}

#[tokio::test]
async fn one_byte_more_is_refused_at_once_when_it_is_declared() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let (token, length) = (authorization(USER), format!("content-length: {}", MOST + 1));

        // Not a byte of the body is sent.
        let told = Open::new(server.address, &["POST /images HTTP/1.1", "host: a", &token, &length]).await.told().await;

        assert_eq!(told.error(), (400, "too_many_bytes"), "{}", told.text);
        assert_eq!(told.body["message"], "the picture has 104857601 bytes, it may have at most 104857600");
        assert!(store.calls().is_empty(), "{:?}", store.calls());
    })
    .await;
}

#[tokio::test]
async fn the_same_byte_is_refused_when_it_is_only_counted_and_nothing_stays() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let picture = jpeg(MOST);
        let mut request = open_chunked(server.address).await;
        for piece in picture.chunks(1024 * 1024) {
            request.chunk(piece).await.unwrap();
        }
        request.chunk(b"!").await.unwrap();

        let told = request.told().await;

        assert_eq!(told.error(), (400, "too_many_bytes"), "{}", told.text);
        assert!(store.calls().contains(&"abort") && store.is_empty(), "parts would be paid for: {:?}", store.calls());
    })
    .await;
}

#[tokio::test]
async fn a_hundred_megabytes_in_chunks_pass_as_well() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let picture = jpeg(MOST);
        let mut request = open_chunked(server.address).await;
        for piece in picture.chunks(3_000_000) {
            request.chunk(piece).await.unwrap();
        }
        request.send(b"0\r\n\r\n").await.unwrap();

        let told = request.told().await;

        assert_eq!(told.status, 201, "{}", told.text);
        assert!(store.look(|held| held.pictures.values().all(|(_, stored)| *stored == picture)), "another picture arrived than was sent");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_picture_is_refused_before_the_store_hears_of_it() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let mut gif = vec![0; 3 * PART];
        gif[..6].copy_from_slice(b"GIF89a");

        let lying = post(server.address, "image/jpeg", gif.clone()).await;
        let honest = post(server.address, "image/gif", gif).await;
        let differs = post(server.address, "image/png", jpeg(1_000)).await;
        let empty = post(server.address, "image/png", Vec::new()).await;

        assert_eq!((lying.error(), honest.error()), ((400, "not_an_image"), (400, "not_an_image")));
        assert_eq!((differs.error(), empty.error()), ((400, "content_type_differs"), (400, "empty")));
        assert!(lying.head.contains("connection: close"), "the rest of it would be read as the next request: {}", lying.head);
        assert!(store.calls().is_empty(), "{:?}", store.calls());
    })
    .await;
}

#[tokio::test]
async fn a_magic_number_that_comes_byte_by_byte_is_read_whole() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let mut request = open_chunked(server.address).await;
        for byte in jpeg(40) {
            request.chunk(&[byte]).await.unwrap();
        }
        request.send(b"0\r\n\r\n").await.unwrap();

        assert_eq!(request.told().await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn a_picture_whose_sender_goes_away_is_forgotten() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let mut request = open_chunked(server.address).await;
        request.chunk(&jpeg(PART + 1)).await.unwrap();
        until(&store, "part").await;

        drop(request);

        until(&store, "abort").await;
        assert!(store.is_empty(), "half of a picture would stay");
    })
    .await;
}

#[tokio::test]
async fn a_store_that_fails_leaves_nothing_behind() {
    for call in ["begin", "part", "complete"] {
        locally(async {
            let store = MemoryStore::default();
            store.fail(call);
            let server = server(&store).await;

            let told = post(server.address, "image/jpeg", jpeg(2 * PART + 1)).await;

            assert_eq!(told.error(), (503, "unavailable"), "{call}: {}", told.text);
            assert!(store.is_empty(), "{call}: {:?}", store.calls());
        })
        .await;
    }
}

#[tokio::test]
async fn nobody_sends_a_picture_without_a_token() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;

        let none = call(server.address, &["POST /images HTTP/1.1", "host: a", "content-length: 1000"], jpeg(1_000)).await;
        let lines = ["POST /images HTTP/1.1", "host: a", "authorization: Bearer a.b.c", "content-length: 1000"];
        let bad = call(server.address, &lines, jpeg(1_000)).await;
        let preflight = call(server.address, &["OPTIONS /images HTTP/1.1", "host: a", "origin: https://app.example.com"], Vec::new()).await;

        assert_eq!((none.status, bad.error()), (401, (403, "invalid_token")));
        assert_eq!(preflight.status, 204, "no page could send a picture");
        assert!(preflight.head.contains("access-control-allow-origin: https://app.example.com"), "{}", preflight.head);
        assert!(store.calls().is_empty(), "{:?}", store.calls());
    })
    .await;
}

#[tokio::test]
async fn the_load_balancer_sees_that_it_is_well_and_writes_no_line() {
    locally(async {
        let (store, lines) = (MemoryStore::default(), Lines::default());
        let server = start(service(config("stream"), store, lines.clone()), PATIENT).await;

        let told = call(server.address, &["GET /ping HTTP/1.1", "host: a"], Vec::new()).await;

        assert_eq!((told.status, told.text.as_str(), lines.text().as_str()), (200, "ok", ""));
    })
    .await;
}

#[tokio::test]
async fn the_log_tells_who_came_through_the_load_balancer() {
    locally(async {
        let (store, lines) = (MemoryStore::default(), Lines::default());
        let server = start(service(config("stream"), store, lines.clone()), PATIENT).await;
        let (token, body) = (authorization(USER), jpeg(1_000));
        let request = [
            "POST /images HTTP/1.1",
            "host: a",
            &token,
            "content-length: 1000",
            "x-forwarded-for: 10.1.1.1, 192.0.2.7",
            "x-amzn-trace-id: Root=1-2",
        ];

        call(server.address, &request, body).await;

        let text = lines.text();
        assert!(text.contains(r#""ip":"192.0.2.7""#), "a client could say that it is somebody else: {text}");
        assert!(text.contains(r#""requestId":"Root=1-2""#) && text.contains(r#""key":"in/"#), "{text}");
    })
    .await;
}

#[tokio::test]
async fn headers_that_never_end_hold_no_connection() {
    locally(async {
        let store = MemoryStore::default();
        let patience = Patience { header: Duration::from_millis(50), ..PATIENT };
        let server = start(service(config("stream"), store.clone(), Lines::default()), patience).await;
        let mut slow = tokio::net::TcpStream::connect(server.address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut slow, b"POST /images HTTP/1.1\r\nhost: a\r\nx: ").await.unwrap();

        let mut rest = Vec::new();
        let closed = tokio::io::AsyncReadExt::read_to_end(&mut slow, &mut rest).await;

        assert!(closed.is_ok_and(|bytes| bytes == 0 || rest.starts_with(b"HTTP/1.1 408")), "{}", String::from_utf8_lossy(&rest));
    })
    .await;
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let many: Vec<_> = (0..100).map(|number| format!("x-{number}: 1")).collect();
        let lines: Vec<_> = ["GET /ping HTTP/1.1", "host: a"].into_iter().chain(many.iter().map(String::as_str)).collect();
        let long = format!("x: {}", "y".repeat(100_000));

        let many = call(server.address, &lines, Vec::new()).await;
        let long = call(server.address, &["GET /ping HTTP/1.1", "host: a", &long], Vec::new()).await;

        assert_eq!((many.status, long.status), (431, 431));
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_falls_silent_is_given_up_and_forgotten() {
    locally(async {
        let store = MemoryStore::default();
        let patience = Patience { idle: Duration::from_millis(50), ..PATIENT };
        let server = start(service(config("stream"), store.clone(), Lines::default()), patience).await;
        let mut request = open_chunked(server.address).await;
        request.chunk(&jpeg(PART + 1)).await.unwrap();

        let told = request.told().await;

        assert_eq!(told.error(), (408, "too_slow"), "{}", told.text);
        assert!(store.calls().contains(&"abort") && store.is_empty(), "{:?}", store.calls());
    })
    .await;
}

#[tokio::test]
async fn more_pictures_at_once_than_memory_holds_are_told_to_come_again() {
    locally(async {
        let store = MemoryStore::default();
        let mut config = config("stream");
        config.max_uploads = 1;
        let server = start(service(config, store.clone(), Lines::default()), PATIENT).await;
        let mut first = open_chunked(server.address).await;
        first.chunk(&jpeg(PART)).await.unwrap();
        until(&store, "begin").await;

        let token = authorization(SOMEBODY_ELSE);
        let second = call(server.address, &["POST /images HTTP/1.1", "host: a", &token, "content-length: 1000"], jpeg(1_000)).await;
        first.send(b"0\r\n\r\n").await.unwrap();

        assert_eq!(second.error(), (503, "unavailable"), "{}", second.text);
        assert!(second.head.contains("retry-after: 1"), "{}", second.head);
        assert_eq!(first.told().await.status, 201, "who was there first pays for it");
    })
    .await;
}

#[tokio::test]
async fn who_is_told_to_end_ends_what_was_begun_and_takes_nothing_new() {
    locally(async {
        let store = MemoryStore::default();
        let mut server = server(&store).await;
        let mut request = open_chunked(server.address).await;
        request.chunk(&jpeg(PART)).await.unwrap();
        until(&store, "begin").await;

        server.tell();
        while tokio::net::TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        request.chunk(b"the end").await.unwrap();
        request.send(b"0\r\n\r\n").await.unwrap();

        assert_eq!(request.told().await.status, 201, "a deploy would cut pictures off");
        server.ended().await;
        assert_eq!(store.look(|held| held.pictures.len()), 1);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_end_in_time_is_forgotten_before_the_server_goes() {
    locally(async {
        let store = MemoryStore::default();
        let patience = Patience { drain: Duration::from_millis(50), ..PATIENT };
        let mut server = start(service(config("stream"), store.clone(), Lines::default()), patience).await;
        let mut request = open_chunked(server.address).await;
        request.chunk(&jpeg(PART)).await.unwrap();
        until(&store, "begin").await;

        server.tell();
        let told = request.told().await;
        server.ended().await;

        assert_eq!(told.error(), (503, "unavailable"), "{}", told.text);
        assert!(store.calls().contains(&"abort") && store.is_empty(), "parts would be paid for: {:?}", store.calls());
    })
    .await;
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    locally(async {
        let store = MemoryStore::default();
        let server = server(&store).await;
        let token = authorization(USER);
        let mut request = Open::new(server.address, &["POST /images HTTP/1.1", "host: a", &token, "content-length: 1000"]).await;

        request.send(&jpeg(1_000)).await.unwrap();
        until(&store, "put").await;
        request.send(format!("POST /images HTTP/1.1\r\nhost: a\r\n{token}\r\ncontent-length: 1000\r\n\r\n").as_bytes()).await.unwrap();
        request.send(&jpeg(1_000)).await.unwrap();
        while store.look(|held| held.pictures.len()) < 2 {
            tokio::task::yield_now().await;
        }

        assert_eq!(request.told().await.status, 201);
    })
    .await;
}
