//! How large the fleet should be, row by row.
#![cfg(test)]

mod common;

use common::config;
use reconciler::cloud::GroupState;
use reconciler::decide::{self, Need, Seen};

const NOW: u64 = 1_000_000;

fn seen(backlog: u64, busy: (u32, u64), idle_for: Option<u64>) -> Seen {
    let idle_since = idle_for.map(|seconds| NOW - seconds);
    Seen { backlog, busy_workers: busy.0, busy_jobs: busy.1, woken: false, idle_since, now: NOW }
}

fn decided(seen: &Seen, desired: u32, refreshing: bool) -> u32 {
    let group = GroupState { least: 0, most: 4, desired, refreshing };
    decide::desired(decide::need(&config(), seen), seen, &group)
}

#[test]
fn the_fleet_is_as_large_as_the_work() {
    // backlog, (busy workers, their jobs), idle for seconds, desired before → after.
    let rows = [
        (0, (0, 0), None, 0, 0),
        (1, (0, 0), None, 0, 1),
        (1, (0, 0), Some(9_000), 0, 1),
        (10, (0, 0), None, 0, 1),
        (11, (0, 0), None, 1, 2),
        (1_000, (0, 0), None, 0, 4),
        (5, (1, 5), None, 3, 1),
        // Three workers have the last three jobs: none of them is taken away.
        (3, (3, 3), None, 4, 3),
        // SQS says that there is nothing, the workers know better.
        (0, (2, 4), Some(9_000), 2, 2),
        (0, (0, 0), None, 2, 2),
        (0, (0, 0), Some(60), 2, 2),
        (0, (0, 0), Some(299), 2, 2),
        (0, (0, 0), Some(300), 2, 0),
        (0, (0, 0), Some(9_000), 0, 0),
    ];

    for (backlog, busy, idle_for, before, after) in rows {
        let seen = seen(backlog, busy, idle_for);
        assert_eq!(decided(&seen, before, false), after, "with {seen:?} and {before} instances");
    }
}

#[test]
fn a_wake_raises_at_once_and_lowers_nothing() {
    let woken = |backlog| Seen { woken: true, ..seen(backlog, (0, 0), Some(9_000)) };

    assert_eq!(decided(&woken(0), 0, false), 1, "the first job would wait for SQS's counts to settle");
    assert_eq!(decided(&woken(25), 0, false), 3);
    assert_eq!(decided(&woken(0), 3, false), 3, "unsettled counts would stop workers that are needed");
}

#[test]
fn nothing_is_taken_away_while_instances_are_replaced() {
    let idle = seen(0, (0, 0), Some(9_000));

    assert_eq!(decided(&idle, 2, true), 2, "the refresh would fail, and the resize with it");
    assert_eq!(decided(&seen(25, (0, 0), None), 1, true), 3, "jobs would wait for the refresh");
}

#[test]
fn a_group_is_never_asked_for_what_it_refuses() {
    let idle = seen(0, (0, 0), Some(9_000));
    let wide = GroupState { least: 1, most: 2, desired: 2, refreshing: false };

    assert_eq!(decide::desired(Need::Nothing, &idle, &wide), 1);
    assert_eq!(decide::desired(Need::Workers(9), &seen(90, (0, 0), None), &wide), 2);
}

#[test]
fn nothing_is_idle_before_the_counts_have_settled() {
    let config = contract::fleet::ReconcilerConfig { idle_minutes: 0, ..config() };

    let need = |idle_for| decide::need(&config, &seen(0, (0, 0), Some(idle_for)));

    assert_eq!(need(59), Need::Wait { begins: false }, "a message that SQS does not count yet would lose its worker");
    assert_eq!(need(60), Need::Nothing);
}

#[test]
fn a_clock_that_goes_back_stops_nothing() {
    let ahead = Seen { idle_since: Some(NOW + 500), ..seen(0, (0, 0), None) };

    assert_eq!(decide::need(&config(), &ahead), Need::Wait { begins: false });
}
