//! What became of the pictures, as figures that hold or do not.

use std::collections::BTreeSet;

use contract::logs;
use serde::Deserialize;
use serde_json::Value as Json;

use super::super::Figure;

const KIB_PER_MIB: f64 = 1024.0;

/// How near a proxy is at least to its source made smaller in floating point (SSIM). What is another picture, or half of one, is far below.
const LEAST_SIMILARITY: f64 = 0.9;

/// A large picture, and the function's process after it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Picture {
    pub(super) name: String,
    /// Files of its proxies, larger first.
    pub(super) proxies: Vec<String>,
    bytes: f64,
    seconds: f64,
    upload_seconds: f64,
    call_milliseconds: f64,
    #[serde(flatten)]
    memory: Memory,
}

/// What the kernel says of a process.
#[derive(Debug, Clone, Deserialize)]
struct Memory {
    space_kib: f64,
    resident_kib: f64,
    limit_kib: f64,
    threads: f64,
}

/// A proxy, decoded and held against its source.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Quality {
    width: u32,
    height: u32,
    source_width: u32,
    source_height: u32,
    ssim: f64,
}

/// Ten uploads in one call of the function.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Batch {
    pictures: usize,
    /// Uploads whose proxies are there.
    done: Vec<String>,
    /// How many proxies there are of the batch.
    proxies: usize,
    /// What lies below the reject prefix.
    moved: Vec<String>,
    /// Uploads that lie where they came in.
    still: Vec<String>,
    /// Messages in the queue, also hidden ones: these would come again.
    left: usize,
    /// Messages in the dead-letter queue.
    dead: usize,
    /// For each message, how many lines the function wrote about it: it writes one each time it is given it.
    handled: Vec<usize>,
    calls: usize,
    seconds: f64,
    #[serde(flatten)]
    memory: Memory,
}

/// The same under a limit that must not be enough.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Control {
    limit_kib: f64,
    /// How often the function was started.
    processes: usize,
    proxies: usize,
    /// How the local cloud says that the call went.
    went: String,
    /// Messages that would come again.
    left: usize,
    said: Vec<String>,
}

impl Picture {
    pub(super) fn figures(&self, quality: &[Quality], boxes: &[u32], limit_mib: u32) -> Vec<Figure> {
        let name = &self.name;
        let limited = self.memory.limit_kib / KIB_PER_MIB;
        let mut space = Figure::new(format!("{name}: address space"), self.memory.space_kib / KIB_PER_MIB, "MiB").at_most(limit_mib.into());
        space.add("limit_MiB", Some(limited));
        space.add("memory_MiB", Some(self.memory.resident_kib / KIB_PER_MIB));
        space.add("threads", Some(self.memory.threads));
        let mut call = Figure::new(format!("{name}: one call of the function"), self.call_milliseconds / 1_000.0, "s");
        call.add("MB", Some(self.bytes / 1e6));
        call.add("upload_s", Some(self.upload_seconds));
        call.add("upload_to_proxies_s", Some(self.seconds));
        let wrong = boxes.len().abs_diff(quality.len()) + quality.iter().zip(boxes).filter(|(one, edge)| !one.is_right(**edge)).count();
        let mut proxies = Figure::new(format!("{name}: wrong proxies"), wrong as f64, "").at_most(0.0);
        proxies.add("least_ssim", quality.iter().map(|one| one.ssim).reduce(f64::min));
        let sizes: Vec<_> = quality.iter().map(|one| format!("{}×{}", one.width, one.height)).collect();
        vec![space, call, proxies.note(sizes.join(", "))]
    }
}

impl Quality {
    /// Of the size that fits into the box, and of that picture.
    fn is_right(&self, edge: u32) -> bool {
        let longest = f64::from(self.source_width.max(self.source_height));
        let scale = f64::from(edge).min(longest) / longest;
        let fits = |source: u32| (f64::from(source) * scale).round();
        let size = [f64::from(self.width), f64::from(self.height)];
        size == [fits(self.source_width), fits(self.source_height)] && LEAST_SIMILARITY <= self.ssim
    }
}

impl Batch {
    pub(super) fn figures(&self, broken: &str, boxes: usize) -> Vec<Figure> {
        let good = self.pictures.saturating_sub(1);
        let mistakes = self.mistakes(broken, boxes);
        let mut figure = Figure::new("batch: what is not as it should be", mistakes.len() as f64, "").at_most(0.0);
        figure.add("pictures", Some(self.pictures as f64));
        figure.add("done", Some(self.done.len() as f64));
        figure.add("calls", Some(self.calls as f64));
        figure.add("s", Some(self.seconds));
        figure.add("address_space_MiB", Some(self.memory.space_kib / KIB_PER_MIB));
        figure.add("limit_MiB", Some(self.memory.limit_kib / KIB_PER_MIB));
        let note = if mistakes.is_empty() { format!("{good} done, 1 rejected, none retried") } else { mistakes.join("; ") };
        vec![figure.note(note)]
    }

    /// Nothing, when all but the broken one are done, that one is moved away with its reason, and no message came or will come again.
    fn mistakes(&self, broken: &str, boxes: usize) -> Vec<String> {
        let good = self.pictures.saturating_sub(1);
        let as_set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
        let (done, still) = (as_set(&self.done), as_set(&self.still));
        let (reasons, files): (Vec<_>, Vec<_>) = self.moved.iter().partition(|key| key.ends_with(".json"));
        let checks = [
            (done.len() == good && !done.contains(broken), format!("{} of {good} are done", done.len())),
            (self.proxies == good * boxes, format!("{} proxies instead of {}", self.proxies, good * boxes)),
            (done == still, format!("{} uploads lie where they came in", still.len())),
            (files.len() == 1 && files.iter().all(|key| key.contains(broken)), format!("{files:?} is rejected")),
            (reasons.len() == 1, format!("{} reasons", reasons.len())),
            (self.left == 0, format!("{} messages will come again", self.left)),
            (self.dead == 0, format!("{} dead letters", self.dead)),
            (self.handled == vec![1; self.pictures], format!("messages were handled {:?} times", self.handled)),
            (self.calls == 1, format!("{} calls", self.calls)),
        ];
        checks.into_iter().filter(|(holds, _)| !holds).map(|(_, words)| words).collect()
    }
}

impl Control {
    pub(super) fn figures(&self) -> Vec<Figure> {
        // A function that was never started under the limit would prove nothing, and a good picture that is moved away would be lost.
        let passed = if self.processes == 0 || self.left == 0 { f64::INFINITY } else { self.proxies as f64 };
        let mut figure = Figure::new("control, half of it: proxies", passed, "").at_most(0.0);
        figure.add("limit_MiB", Some(self.limit_kib / KIB_PER_MIB));
        figure.add("messages_that_come_again", Some(self.left as f64));
        vec![figure.note(format!("{}: {}", self.went, self.words()))]
    }

    /// What the function wrote of its error, or else its last line, or Lambda's.
    fn words(&self) -> String {
        let error = self.said.iter().rev().find_map(|line| {
            let line: Json = serde_json::from_str(line).ok()?;
            line.get(logs::ERROR)?.as_str().map(str::to_owned)
        });
        error.or_else(|| self.said.last().cloned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: Memory = Memory { space_kib: 51_200.0, resident_kib: 40_960.0, limit_kib: 262_144.0, threads: 2.0 };

    fn batch() -> Batch {
        let done: Vec<_> = ["0.jpg", "1.png"].map(str::to_owned).to_vec();
        let moved = ["rejected/in/broken.jpg", "rejected/in/broken.jpg.reason.json"].map(str::to_owned).to_vec();
        let still = done.clone();
        Batch { pictures: 3, done, proxies: 4, moved, still, left: 0, dead: 0, handled: vec![1; 3], calls: 1, seconds: 2.0, memory: MEMORY }
    }

    fn mistakes(batch: &Batch) -> Vec<String> {
        batch.mistakes("broken.jpg", 2)
    }

    #[test]
    fn a_message_that_comes_again_is_a_mistake_wherever_it_shows() {
        let good = batch();
        let hidden = Batch { left: 1, ..batch() };
        let twice = Batch { handled: vec![1, 1, 2], ..batch() };
        let dead = Batch { dead: 1, ..batch() };

        assert_eq!(mistakes(&good), Vec::<String>::new());
        assert_eq!(mistakes(&hidden), ["1 messages will come again"], "a retry would pass for a success");
        assert_eq!(mistakes(&twice), ["messages were handled [1, 1, 2] times"]);
        assert_eq!(mistakes(&dead), ["1 dead letters"]);
    }

    #[test]
    fn a_good_picture_that_is_rejected_is_a_mistake() {
        let wrong = Batch { moved: ["rejected/in/0.jpg", "rejected/in/0.jpg.reason.json"].map(str::to_owned).to_vec(), ..batch() };

        assert_eq!(mistakes(&wrong), [r#"["rejected/in/0.jpg"] is rejected"#], "people would lose pictures and the figure hold");
    }

    #[test]
    fn a_proxy_of_another_size_or_of_another_picture_is_wrong() {
        let right = Quality { width: 2048, height: 1366, source_width: 7952, source_height: 5304, ssim: 0.95 };
        let lower = Quality { height: 1365, ..right.clone() };
        let grey = Quality { ssim: 0.5, ..right.clone() };

        assert_eq!([right, lower, grey].map(|quality| quality.is_right(2048)), [true, false, false]);
    }

    #[test]
    fn a_function_that_maps_more_than_its_memory_fails_the_bench() {
        let picture = |space_kib| Picture {
            name: "a.jpg".to_owned(),
            proxies: Vec::new(),
            bytes: 1e8,
            seconds: 3.0,
            upload_seconds: 1.0,
            call_milliseconds: 2_000.0,
            memory: Memory { space_kib, ..MEMORY },
        };
        let quality = [Quality { width: 64, height: 64, source_width: 128, source_height: 128, ssim: 0.95 }];

        let holds = |space_kib| picture(space_kib).figures(&quality, &[64], 256).iter().map(Figure::holds).collect::<Vec<_>>();

        assert_eq!(holds(51_200.0), [Some(true), None, Some(true)]);
        assert_eq!(holds(300_000.0), [Some(false), None, Some(true)], "a function twice as large would pass");
    }

    #[test]
    fn a_control_that_proves_nothing_fails_the_bench() {
        let control = Control { limit_kib: 1.0, processes: 1, proxies: 0, went: "FAILED".to_owned(), left: 1, said: Vec::new() };
        let not_started = Control { processes: 0, ..control.clone() };
        let made_all_the_same = Control { proxies: 2, ..control.clone() };
        let moved_away = Control { left: 0, ..control.clone() };

        let holds = |control: &Control| control.figures()[0].holds();

        assert_eq!(holds(&control), Some(true));
        assert_eq!([not_started, made_all_the_same, moved_away].map(|control| holds(&control)), [Some(false); 3]);
    }
}
