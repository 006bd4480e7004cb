//! Many runs of several programs as ratios.

use serde::Deserialize;

use super::super::{Figure, stats};
use super::{EDGES, PROGRAMS};

/// Most CPU beside sharp as its documentation shows it, and beside the better of its two ways.
const CPU_BARS: [f64; 2] = [0.5, 0.85];

/// Most memory beside sharp as its documentation shows it; more for what cannot be decoded row by row.
const MEMORY_BARS: [f64; 2] = [0.2, 0.4];

/// Words in the names of inputs that cannot be decoded row by row.
const NOT_BY_ROWS: [&str; 2] = ["progressive", "interlaced"];

/// How much lower similarity may be and still count as the same: what two encoders differ by in rounding.
const SIMILARITY_ROUNDING: f64 = 0.000_5;

/// One run of a program.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Took {
    name: String,
    cpu: f64,
    wall: f64,
    peak: f64,
}

/// How near one proxy is to what it should be.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Quality {
    bytes: f64,
    ssim: f64,
    psnr: f64,
}

/// One input, by all programs.
#[derive(Debug)]
pub(super) struct Compared {
    /// All runs, in the order in which they were made.
    pub(super) took: Vec<Took>,
    /// Of each program in turn, each proxy, larger first.
    pub(super) quality: Vec<Quality>,
}

impl Compared {
    pub(super) fn figures(&self, input: &str) -> Vec<Figure> {
        let not_by_rows = NOT_BY_ROWS.iter().any(|word| input.contains(word));
        let mut figures = Vec::new();
        let clone = self.ratio(PROGRAMS[1], |run| run.cpu);
        let best = [clone, self.ratio(PROGRAMS[2], |run| run.cpu)].into_iter().flatten().reduce(f64::max);
        let mut add = |name: &str, value: Option<f64>, bar: f64, of: fn(&Took) -> f64, unit: &'static str| {
            let Some(value) = value else { return };
            let mut figure = Figure::new(format!("{input}: {name}"), value, "×").at_most(bar);
            let words = if unit == "s" { ["ours_s", "clone_s", "cascade_s"] } else { ["ours_MiB", "clone_MiB", "cascade_MiB"] };
            for (word, program) in words.into_iter().zip(PROGRAMS) {
                figure.add(word, self.median(program, of));
            }
            figures.push(figure);
        };
        add("CPU / sharp clone", clone, CPU_BARS[0], |run| run.cpu, "s");
        add("CPU / sharp's best", best, CPU_BARS[1], |run| run.cpu, "s");
        let memory = self.ratio(PROGRAMS[1], |run| run.peak);
        add("memory / sharp clone", memory, MEMORY_BARS[usize::from(not_by_rows)], |run| run.peak, "MiB");
        let mut wall = Figure::new(format!("{input}: clock"), self.median(PROGRAMS[0], |run| run.wall).unwrap_or_default(), "s");
        wall.add("clone_s", self.median(PROGRAMS[1], |run| run.wall));
        wall.add("cascade_s", self.median(PROGRAMS[2], |run| run.wall));
        figures.push(wall);
        figures.extend((0..EDGES.len()).filter_map(|proxy| self.lost(input, proxy)));
        figures
    }

    /// How much similarity ours loses beside the better of sharp's.
    fn lost(&self, input: &str, proxy: usize) -> Option<Figure> {
        let of = |program: usize| self.quality.get(program * EDGES.len() + proxy);
        let ours = of(0)?;
        let theirs = (1..PROGRAMS.len()).filter_map(of).max_by(|one, other| one.ssim.total_cmp(&other.ssim))?;
        let name = format!("{input}: SSIM lost at {}", EDGES.get(proxy)?);
        let mut figure = Figure::new(name, (theirs.ssim - ours.ssim).max(0.0), "").at_most(SIMILARITY_ROUNDING);
        figure.add("ssim", Some(ours.ssim));
        figure.add("sharp_ssim", Some(theirs.ssim));
        figure.add("psnr", Some(ours.psnr));
        figure.add("sharp_psnr", Some(theirs.psnr));
        figure.add("times_its_bytes", stats::ratio(ours.bytes, theirs.bytes));
        Some(figure)
    }

    /// The middle of the ratios of each round: two runs side by side saw the same machine.
    fn ratio(&self, other: &str, of: fn(&Took) -> f64) -> Option<f64> {
        let ratios = self.of(PROGRAMS[0]).zip(self.of(other)).filter_map(|(ours, theirs)| stats::ratio(of(ours), of(theirs)));
        stats::median(&ratios.collect::<Vec<_>>())
    }

    fn median(&self, program: &str, of: fn(&Took) -> f64) -> Option<f64> {
        stats::median(&self.of(program).map(of).collect::<Vec<_>>())
    }

    fn of(&self, program: &str) -> impl Iterator<Item = &Took> {
        self.took.iter().filter(move |run| run.name == program)
    }
}

/// Files a second in a warm process.
pub(super) fn many(name: &str, ours: f64, theirs: f64) -> Figure {
    let mut figure = Figure::new(name, ours, "/s");
    figure.add("sharp", Some(theirs));
    figure.add("times_sharp", stats::ratio(ours, theirs));
    figure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(of: &[(&str, f64, f64)]) -> Vec<Took> {
        of.iter().map(|&(name, cpu, peak)| Took { name: name.to_owned(), cpu, wall: cpu, peak }).collect()
    }

    fn proxy(ssim: f64) -> Quality {
        Quality { bytes: 1000.0, ssim, psnr: 40.0 }
    }

    #[test]
    fn the_better_of_sharps_ways_is_what_counts() {
        let took = runs(&[("ours", 0.3, 30.0), ("sharp clone", 1.0, 200.0), ("sharp cascade", 0.4, 100.0)]);
        let quality = [0.99, 0.99, 0.98, 0.98, 0.97, 0.97].map(proxy).to_vec();

        let figures = Compared { took, quality }.figures("png-12mp.png");

        let held: Vec<_> = figures.iter().map(Figure::holds).collect();
        assert_eq!(held, [Some(true), Some(true), Some(true), None, Some(true), Some(true)]);
        assert!(figures[1].line().contains("0.75 ×"), "beside the slower of both we would look twice as good: {}", figures[1].line());
    }

    #[test]
    fn a_picture_that_looks_worse_is_told() {
        let took = runs(&[("ours", 0.3, 30.0), ("sharp clone", 1.0, 200.0), ("sharp cascade", 0.8, 100.0)]);
        let quality = [0.95, 0.99, 0.98, 0.98, 0.97, 0.97].map(proxy).to_vec();

        let figures = Compared { took, quality }.figures("jpeg-12mp.jpg");

        let lost = figures.iter().find(|figure| figure.line().contains("SSIM lost at 2048")).unwrap();
        assert_eq!(lost.holds(), Some(false), "speed that is bought with quality would pass: {}", lost.line());
    }

    #[test]
    fn what_cannot_stream_may_take_more_memory() {
        let took = runs(&[("ours", 0.1, 70.0), ("sharp clone", 1.0, 200.0), ("sharp cascade", 0.8, 100.0)]);
        let memory = |name: &str| {
            let compared = Compared { took: took.clone(), quality: Vec::new() };
            compared.figures(name).iter().find(|figure| figure.line().contains("memory")).and_then(Figure::holds)
        };

        assert_eq!(memory("jpeg-progressive-24mp.jpg"), Some(true));
        assert_eq!(memory("jpeg-12mp.jpg"), Some(false), "a pipeline that keeps whole pictures would pass");
    }
}
