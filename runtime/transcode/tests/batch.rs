//! Messages in, answers out: what is done, what comes again, what is moved away.
#![cfg(test)]

mod common;

use common::{
    Bench, DESTINATION, SOURCE, config, created, happened,
    store::{MemoryStore, etag, put},
};
use contract::{images::metadata, logs, metrics};
use picture::drawn::Picture;
use serde_json::{Value, json};

const NONE: [String; 0] = [];

fn picture(width: u16) -> Vec<u8> {
    Picture::drawn(width, 60).png().unwrap()
}

fn reason(bench: &Bench, key: &str) -> Value {
    let object = bench.store().get_object(SOURCE, key).unwrap();
    serde_json::from_slice(&object.body).unwrap()
}

#[test]
fn a_new_picture_gets_its_proxies_and_they_say_where_they_are_from() {
    let file = picture(100);
    let bench = Bench::new(MemoryStore::with(&[("in/photo.png", &file)]));

    let again = bench.deliver(&[("m1", created("in/photo.png"))]);

    assert_eq!(again, NONE);
    assert_eq!(bench.store().keys(DESTINATION), ["in/photo.png/32.jpg", "in/photo.png/64.jpg"]);
    let proxy = bench.store().get_object(DESTINATION, "in/photo.png/64.jpg").unwrap();
    assert_eq!(proxy.content_type, "image/jpeg");
    assert_eq!(proxy.metadata[metadata::SOURCE_ETAG], etag(&file));
    assert_eq!(proxy.metadata[metadata::SOURCE_VERSION], "v1");
    assert_eq!(picture::drawn::decoded_size(&proxy.body).unwrap(), (64, 38));
    let line = &bench.log()[0];
    assert_eq!((&line[logs::KEY], &line[logs::MESSAGE_ID], &line[logs::LEVEL]), (&json!("in/photo.png"), &json!("m1"), &json!("info")));
    assert_eq!((bench.counted(metrics::TRANSCODED_IMAGES), bench.counted(metrics::TRANSCODE_FAILURES)), (1.0, 0.0));
}

#[test]
fn a_key_is_decoded_as_s3_encodes_it() {
    let key = "in/täglich 100%+1 (a).png";
    let bench = Bench::new(MemoryStore::with(&[(key, &picture(10))]));

    let again = bench.deliver(&[("m1", created("in/t%C3%A4glich+100%25%2B1+%28a%29.png"))]);

    assert_eq!(again, NONE);
    assert_eq!(bench.store().keys(DESTINATION), [format!("{key}/32.jpg"), format!("{key}/64.jpg")], "the picture would be taken for gone");
}

#[test]
fn a_second_event_for_the_same_picture_reads_nothing() {
    let bench = Bench::new(MemoryStore::with(&[("in/a.png", &picture(50))]));
    let twice = [("m1", created("in/a.png")), ("m2", created("in/a.png"))];

    let again = bench.deliver(&twice);

    assert_eq!(again, NONE);
    let reads = bench.store().calls().iter().filter(|call| call.starts_with("get")).count();
    assert_eq!(reads, 1, "every event that S3 repeats would be paid for in full");
    assert_eq!(bench.messages_logged(), ["the proxies are written", "the proxies are up to date"]);
}

#[test]
fn a_late_event_of_an_older_upload_changes_nothing() {
    let (old, new) = (picture(50), picture(60));
    let bench = Bench::new(MemoryStore::with(&[("in/a.png", &old)]));
    bench.store().upload("in/a.png", &new);

    bench.deliver(&[("newer", created("in/a.png"))]);
    bench.deliver(&[("older", created("in/a.png"))]);

    let proxy = bench.store().get_object(DESTINATION, "in/a.png/64.jpg").unwrap();
    assert_eq!(proxy.metadata[metadata::SOURCE_ETAG], etag(&new), "the older picture would win because its event came last");
}

#[test]
fn an_upload_in_the_middle_of_the_work_is_seen() {
    // Just before each of these calls another picture is uploaded under the same key, once.
    for moment in ["get photos-in", "put photos-out/in/a.png/64", "put photos-out/in/a.png/32"] {
        let (old, new) = (picture(50), picture(60));
        let bench = Bench::new(MemoryStore::with(&[("in/a.png", &old)]));
        let (mut waiting, replacement) = (true, new.clone());
        bench.store().before_each(move |call, objects| {
            if waiting && call.starts_with(moment) {
                put(objects, "in/a.png", &replacement);
                waiting = false;
            }
            None
        });

        let again = bench.deliver(&[("m1", created("in/a.png"))]);

        assert_eq!(again, NONE);
        for key in ["in/a.png/64.jpg", "in/a.png/32.jpg"] {
            let proxy = bench.store().get_object(DESTINATION, key).unwrap();
            assert_eq!(proxy.metadata[metadata::SOURCE_ETAG], etag(&new), "with an upload before `{moment}` the old picture would stay");
        }
    }
}

#[test]
fn a_picture_that_never_stops_changing_waits_in_the_queue() {
    let bench = Bench::new(MemoryStore::with(&[("in/a.png", &picture(50))]));
    let mut width = 50;
    bench.store().before_each(move |call, objects| {
        if call.starts_with("get") {
            width += 1;
            put(objects, "in/a.png", &picture(width));
        }
        None
    });

    let again = bench.deliver(&[("m1", created("in/a.png"))]);

    assert_eq!(again, ["m1"], "the function would run for ever");
}

#[test]
fn other_settings_make_the_proxies_anew() {
    let bench = Bench::new(MemoryStore::with(&[("in/a.png", &picture(50))]));
    bench.deliver(&[("m1", created("in/a.png"))]);
    let proxies = bench.store().objects().into_iter().filter(|((bucket, _), _)| bucket == DESTINATION).map(|(_, object)| object);
    let before: Vec<_> = proxies.collect();
    let mut better = config();
    better.proxies.jpeg_quality = 95;
    let store = MemoryStore::with(&[("in/a.png", &picture(50))]);
    bench.store().objects().into_iter().for_each(|(place, object)| store.insert(place, object));
    let better = Bench::with(store, better);

    better.deliver(&[("m2", created("in/a.png"))]);

    let after = better.store().get_object(DESTINATION, "in/a.png/32.jpg").unwrap();
    assert!(!before.contains(&after), "a changed quality would never show");
}

#[test]
fn one_bad_apple_leaves_the_others_alone() {
    let good = picture(50);
    let bench = Bench::new(MemoryStore::with(&[
        ("in/a.png", &good),
        ("in/slow.png", &good),
        ("in/bad.png", b"not a picture"),
        ("in/z.png", &good),
    ]));
    bench.store().before_each(|call, _| (call == "get photos-in/in/slow.png").then_some("503 Slow Down"));
    let test_event = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": SOURCE, "Time": "2026-11-23T00:00:00.000Z"});
    let messages = [
        ("good", created("in/a.png")),
        ("test", test_event),
        ("slow", created("in/slow.png")),
        ("bad", created("in/bad.png")),
        ("last", created("in/z.png")),
    ];

    let again = bench.deliver(&messages);

    assert_eq!(again, ["slow"], "a message that is done would be done again, or one that is not would be lost");
    let keys = bench.store().keys(DESTINATION);
    assert_eq!(keys, ["in/a.png/32.jpg", "in/a.png/64.jpg", "in/z.png/32.jpg", "in/z.png/64.jpg"]);
    let error = bench.log().iter().find_map(|line| line[logs::ERROR].as_str().filter(|error| error.contains("slow")).map(str::to_owned));
    assert_eq!(error.as_deref(), Some("could not get `in/slow.png` in `photos-in`: 503 Slow Down"), "nobody could tell why it comes again");
}

#[test]
fn a_bad_picture_is_moved_away_with_its_reason_and_counted_once() {
    let bench = Bench::new(MemoryStore::with(&[("in/notes.jpg", b"dear diary")]));

    let first = bench.deliver(&[("m1", created("in/notes.jpg"))]);
    let second = bench.deliver(&[("m2", created("in/notes.jpg"))]);

    assert_eq!((first, second), (NONE.to_vec(), NONE.to_vec()), "it would be tried until it is a dead letter");
    assert_eq!(bench.store().keys(SOURCE), ["rejected/in/notes.jpg", "rejected/in/notes.jpg.reason.json"]);
    assert_eq!(bench.store().get_object(SOURCE, "rejected/in/notes.jpg").unwrap().body, b"dear diary", "somebody's file would be lost");
    let why = reason(&bench, "rejected/in/notes.jpg.reason.json");
    assert_eq!((&why["reason"], &why["key"], &why["moved"]), (&json!("not_an_image"), &json!("in/notes.jpg"), &json!(true)));
    assert_eq!(bench.counted(metrics::TRANSCODE_FAILURES), 1.0, "the alarm would count one picture twice");
    let line = &bench.log()[0];
    assert_eq!((&line[logs::REASON], &line[logs::LEVEL]), (&json!("not_an_image"), &json!("warn")));
    assert_eq!(line[metrics::DIMENSION_FUNCTION_NAME], "transcode-under-test", "the alarm looks at this dimension");
    assert_eq!(bench.messages_logged()[1], "the picture is gone");
}

#[test]
fn what_is_too_large_is_not_even_read() {
    let file = picture(100);
    let mut small = config();
    small.limits.max_input_bytes = file.len() as u64 - 1;
    let bench = Bench::with(MemoryStore::with(&[("in/a.png", &file)]), small);

    let again = bench.deliver(&[("m1", created("in/a.png"))]);

    assert_eq!(again, NONE);
    assert!(!bench.store().calls().iter().any(|call| call.starts_with("get")), "the function would run out of memory");
    assert_eq!(reason(&bench, "rejected/in/a.png.reason.json")["reason"], "too_many_bytes");
}

#[test]
fn a_picture_that_breaks_off_on_its_way_is_tried_again_and_not_refused() {
    let file = picture(100);
    for after in [0, 1, 7, file.len() / 2, file.len() - 1] {
        let bench = Bench::new(MemoryStore::with(&[("in/a.png", &file)]));
        bench.store().break_off(after);

        let first = bench.deliver(&[("m1", created("in/a.png"))]);
        let second = bench.deliver(&[("m1", created("in/a.png"))]);

        assert_eq!(first, ["m1"], "after {after} bytes: somebody's good picture would be moved away as damaged");
        assert_eq!(second, NONE);
        assert_eq!(bench.store().keys(SOURCE), ["in/a.png"]);
        assert_eq!(bench.counted(metrics::TRANSCODE_FAILURES), 0.0);
    }
}

#[test]
fn nine_of_ten_are_done_and_the_broken_one_is_moved_away() {
    let files: Vec<_> = (0..10).map(|number| if number == 4 { picture(60)[..300].to_vec() } else { picture(50 + number) }).collect();
    let keys: Vec<_> = (0..10).map(|number| format!("in/{number}.png")).collect();
    let objects: Vec<_> = keys.iter().zip(&files).map(|(key, file)| (key.as_str(), file.as_slice())).collect();
    let bench = Bench::new(MemoryStore::with(&objects));
    let messages: Vec<_> = keys.iter().map(|key| (key.as_str(), created(key))).collect();

    let again = bench.deliver(&messages);

    assert_eq!(again, NONE, "a batch would come again for one broken picture");
    assert_eq!(bench.store().keys(DESTINATION).len(), 18);
    assert_eq!(reason(&bench, "rejected/in/4.png.reason.json")["reason"], "truncated");
    assert_eq!((bench.counted(metrics::TRANSCODED_IMAGES), bench.counted(metrics::TRANSCODE_FAILURES)), (9.0, 1.0));
}

#[test]
fn a_key_that_leaves_no_room_for_proxies_is_refused() {
    let key = format!("in/{}.png", "x".repeat(1_012));
    let file = picture(10);
    let bench = Bench::new(MemoryStore::with(&[(&key, &file)]));

    let again = bench.deliver(&[("m1", created(&key))]);

    assert_eq!(again, NONE, "S3 would refuse the proxy's key again and again");
    let why = reason(&bench, &format!("rejected/by-etag/{}.reason.json", etag(&file)));
    assert_eq!((&why["reason"], &why["key"]), (&json!("key_too_long"), &json!(key)));
}

#[test]
fn a_picture_that_was_deleted_before_its_turn_is_no_failure() {
    let bench = Bench::new(MemoryStore::default());

    let again = bench.deliver(&[("m1", created("in/gone.png"))]);

    assert_eq!(again, NONE);
    assert_eq!(bench.messages_logged(), ["the picture is gone"]);
    assert_eq!(bench.counted(metrics::TRANSCODE_FAILURES), 0.0);
}

#[test]
fn what_is_no_new_picture_is_left_alone() {
    let objects: [(&str, &[u8]); 3] = [("in/album/", b""), ("rejected/in/bad.png", b"x"), ("elsewhere/a.png", b"x")];
    let bench = Bench::new(MemoryStore::with(&objects));
    let before = bench.store().objects();

    let again = bench.deliver(&[
        ("folder", created("in/album/")),
        ("rejected", created("rejected/in/bad.png")),
        ("elsewhere", created("elsewhere/a.png")),
        ("removed", happened("ObjectRemoved:Delete", SOURCE, "in/a.png")),
        ("empty", json!({"Records": []})),
    ]);

    assert_eq!(again, NONE);
    assert_eq!(bench.store().objects(), before, "a refused picture would be refused for ever, or somebody's folder vanish");
    assert!(bench.store().calls().is_empty());
}

#[test]
fn an_event_of_a_foreign_bucket_becomes_a_dead_letter() {
    let bench = Bench::new(MemoryStore::with(&[("in/a.png", &picture(10))]));

    let again = bench.deliver(&[("loop", happened("ObjectCreated:Put", DESTINATION, "in/a.png/64.jpg"))]);

    assert_eq!(again, ["loop"], "nobody would learn that a bucket is wired wrongly");
    assert!(bench.store().calls().is_empty(), "proxies of proxies of proxies");
}

#[test]
fn a_message_that_is_no_notification_becomes_a_dead_letter() {
    let bodies = [json!("hello"), json!("{\"Records\": [{}]}"), json!({"Event": "s3:Other"}), created("in/%ff.png")];
    for body in bodies {
        let bench = Bench::new(MemoryStore::default());

        let again = bench.deliver(&[("m1", body.clone())]);

        assert_eq!(again, ["m1"], "{body} would vanish without a trace");
        assert_eq!(bench.messages_logged(), ["the message is unreadable"]);
    }
}

#[test]
fn whichever_call_fails_the_next_delivery_ends_the_same() {
    let photo = picture(50);
    let objects: [(&str, &[u8]); 2] = [("in/a.png", &photo), ("in/bad.png", b"not a picture")];
    let messages = [("good", created("in/a.png")), ("bad", created("in/bad.png"))];
    let undisturbed = Bench::new(MemoryStore::with(&objects));
    undisturbed.deliver(&messages);
    let calls = undisturbed.store().calls();

    for (number, call) in calls.iter().enumerate() {
        let bench = Bench::new(MemoryStore::with(&objects));
        bench.store().fail_call(number);

        let again = bench.deliver(&messages);
        let second: Vec<_> = messages.iter().filter(|(id, _)| again.iter().any(|name| name == id)).cloned().collect();
        let third = bench.deliver(&second);

        assert_eq!(again.len(), 1, "`{call}` failed: exactly the message that it was for must come again, not {again:?}");
        assert_eq!(third, NONE, "`{call}` failed once, and the message would never be done");
        assert_eq!(bench.store().objects(), undisturbed.store().objects(), "`{call}` failed once, and something else would be left behind");
        // A delete that reports failure may have happened; here it has not, so the picture is counted exactly once.
        assert_eq!(bench.counted(metrics::TRANSCODE_FAILURES), 1.0, "`{call}` failed once, and the alarm would count wrongly");
    }
}
