//! `watch` channels: `set` and `get`.

use crate::sandbox::{Sandbox, eventually};
use serde_json::json;

#[test]
fn a_value_is_set_and_got_by_whoever_comes() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["set", "limits", "10"]).ok(), b"");
    assert_eq!(sandbox.run(&["get", "limits"]).text(), "10\n");
    assert_eq!(sandbox.run(&["get", "limits", "--framing", "raw"]).text(), "10", "nothing was taken away");
    sandbox.run(&["set", "limits", "--", "-20"]).ok();
    assert_eq!(sandbox.run(&["get", "limits", "--framing", "length"]).ok(), b"\x03\0\0\0-20");
    let facts = sandbox.look("limits").unwrap();
    assert_eq!(facts["kind"], "watch");
    assert_eq!(facts["value"], json!({ "version": 2, "length": 3, "slots": 16 }));
}

#[test]
fn standard_input_is_a_value_less_one_line_end() {
    let sandbox = Sandbox::new();
    for (input, options, value) in [
        (&b"two\nlines\n"[..], &[][..], &b"two\nlines"[..]),
        (b"two\nlines\n", &["--raw"], b"two\nlines\n"),
        (b"", &[], b""),
        (b"\n\n", &[], b"\n"),
        (b"\0\xff", &[], b"\0\xff"),
    ] {
        sandbox.run_with(&[&["set", "text"][..], options].concat(), input).ok();
        assert_eq!(sandbox.run(&["get", "text", "--framing", "raw"]).ok(), value);
    }
}

#[test]
fn a_wait_ends_with_the_first_value_or_when_it_is_over() {
    let sandbox = Sandbox::new();
    let waiting = sandbox.start(&["get", "limits", "--wait", "60"]);
    eventually("it waits", || waiting.is_asleep());
    sandbox.run(&["create", "limits", "--kind", "watch"]).ok();
    let sentence = sandbox.run(&["get", "limits"]).failed(1);
    assert_eq!(sentence, "channel limits has no value yet; --wait waits for one");
    let sentence = sandbox.run(&["get", "limits", "--wait", "50ms"]).failed(4);
    assert_eq!(sentence, "channel limits got no value within 0.05 s");
    sandbox.run(&["set", "limits", "10"]).ok();
    assert_eq!(waiting.end().text(), "10\n");
    assert!(sandbox.run(&["get", "others"]).failed(3).contains("does not exist"));
    assert!(sandbox.run(&["get", "others", "--wait", "50ms"]).failed(4).contains("did not appear within 0.05 s"));
}

#[test]
fn a_follower_writes_each_change_across_senders_and_channels() {
    let sandbox = Sandbox::new();
    let mut follower = sandbox.start(&["get", "limits", "--follow"]);
    let mut expected = String::new();
    let mut arrives = |sandbox: &Sandbox, value: &str| {
        sandbox.run(&["set", "limits", value]).ok();
        expected += &format!("{value}\n");
        eventually("the value arrives", || follower.stdout() == expected.as_bytes());
    };
    arrives(&sandbox, "10");
    arrives(&sandbox, "20");
    sandbox.run(&["rm", "--force", "limits"]).ok();
    arrives(&sandbox, "30");
    // By a stranger, who tells nobody.
    std::fs::remove_file(sandbox.channels().join("limits.lane")).unwrap();
    arrives(&sandbox, "40");
    assert!(follower.is_running());
    let ended = sandbox.run(&["get", "limits", "--follow", "--count", "1", "--wait", "60"]);
    assert_eq!(ended.text(), "40\n", "the value that is there is the first");
    let late = sandbox.run(&["get", "limits", "--follow", "--wait", "50ms"]);
    assert_eq!((late.status.code(), late.stdout), (Some(4), b"40\n".to_vec()));
    assert!(late.stderr.contains("the value did not change within 0.05 s"), "{}", late.stderr);
}

#[test]
fn a_read_only_look_takes_no_seat() {
    let sandbox = Sandbox::new();
    sandbox.run(&["set", "limits", "10"]).ok();
    let file = sandbox.channels().join("limits.lane");
    let before = std::fs::read(&file).unwrap();
    assert_eq!(sandbox.run(&["get", "limits", "--read-only"]).text(), "10\n");
    assert!(std::fs::read(&file).unwrap() == before, "it wrote something");
    let follower = sandbox.start(&["get", "limits", "--read-only", "--follow", "--count", "3"]);
    eventually("the value that is there", || follower.stdout() == b"10\n");
    for (value, expected) in [("20", "10\n20\n"), ("30", "10\n20\n30\n")] {
        sandbox.run(&["set", "limits", value]).ok();
        eventually("the value arrives", || follower.stdout() == expected.as_bytes());
    }
    assert_eq!(follower.end().text(), "10\n20\n30\n");
    let seats = sandbox.look("limits").unwrap()["participants"].as_array().unwrap().len();
    assert_eq!(seats, 1, "only senders took one");
    assert!(sandbox.run(&["get", "limits", "--read-only", "--follow", "--wait", "50ms"]).status.code() == Some(4));
    sandbox.run(&["send", "prices", "hello"]).ok();
    assert!(sandbox.run(&["get", "prices", "--read-only"]).failed(1).contains("spsc"), "its kind is named");
}

#[test]
fn messages_and_values_do_not_mix() {
    let sandbox = Sandbox::new();
    sandbox.run(&["set", "limits", "10"]).ok();
    for arguments in [&["send", "limits", "hello"][..], &["recv", "limits"], &["send", "new", "x", "--kind", "watch"]] {
        let sentence = sandbox.run(arguments).failed(1);
        assert!(sentence.contains("carries no messages"), "{sentence}");
    }
    assert!(sandbox.look("new").is_none(), "nothing was made in vain");
    sandbox.run(&["send", "prices", "hello"]).ok();
    assert!(
        sandbox.run(&["get", "prices"]).failed(1).contains("is of kind spsc, and was opened as watch"),
        "its kind is named"
    );
    assert!(sandbox.run(&["set", "prices", "hello"]).failed(1).contains("watch"));
    assert!(sandbox.run(&["set", "limits", "x", "--kind", "spsc"]).failed(2).contains("carries messages"));
    assert!(
        sandbox.run(&["create", "w", "--kind", "watch", "--slots", "4"]).failed(2).contains("--slots is not an option")
    );
}

#[test]
fn a_value_that_is_too_long_leads_to_a_channel_for_it() {
    let sandbox = Sandbox::new();
    sandbox.run(&["set", "limits", "10"]).ok();
    let sentence = sandbox.run_with(&["set", "limits"], &[b'x'; 5000]).failed(1);
    assert!(sentence.starts_with("the value has 5000 bytes, and channel limits takes at most 4096"), "{sentence}");
    assert_eq!(sandbox.run(&["get", "limits"]).text(), "10\n", "the one before stays");
    let told = sentence.split('`').nth(1).unwrap();
    sandbox.run(&["rm", "limits"]).ok();
    sandbox.run(&told.split(' ').skip(1).collect::<Vec<_>>()).ok();
    sandbox.run_with(&["set", "limits"], &[b'x'; 5000]).ok();
    assert_eq!(sandbox.run(&["get", "limits"]).ok().len(), 5001);
}

#[test]
fn what_is_seen_of_a_watch() {
    let sandbox = Sandbox::new();
    let created =
        sandbox.run(&["create", "limits", "--kind", "watch", "--max-message", "1K", "--receivers", "3"]).text();
    assert!(created.contains("watch") && created.contains("1,024 bytes"), "{created}");
    assert!(sandbox.run(&["info", "limits"]).text().contains("none was set yet"));
    sandbox.run(&["set", "limits", "hello"]).ok();
    let text = sandbox.run(&["info", "limits"]).text();
    assert!(text.contains("version          1\n") && text.contains("length           5 bytes\n"), "{text}");
    let list = sandbox.run(&["ls"]).text();
    let line = list.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!((&line[..3], &line[line.len() - 3..]), (&["limits", "watch", "live"][..], &["1", "0", "0"][..]));
}
