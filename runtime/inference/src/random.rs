//! Models of random weights: they say nothing, but they load, tokenize, batch and cost what real ones do.
//!
//! The numbers are drawn as integers and only scaled by powers of two, so that the same file comes out on every machine.

use std::io::{self, Write};

use crate::gguf::{self, Kind, Tensor, Value};

/// The dimensions of a model of the Llama architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// What the file calls itself.
    pub name: &'static str,
    /// Blocks of attention and feed-forward.
    pub layers: u32,
    /// Length of the vector that stands for a token.
    pub width: u32,
    /// Heads that ask.
    pub heads: u32,
    /// Heads that are asked; a divisor of `heads`.
    pub kv_heads: u32,
    /// Width inside the feed-forward.
    pub feed_forward: u32,
    /// Tokens that it was "trained" on at once.
    pub context: u32,
    /// Number of tokens it knows: 300 at least.
    pub vocabulary: u32,
    /// Whether the matrices have 4 bits per weight (`Q4_0`) instead of 32.
    pub quantized: bool,
}

impl Shape {
    /// Small enough for tests: it is written in milliseconds and makes thousands of tokens a second.
    pub const TINY: Self = Self {
        name: "tiny",
        layers: 2,
        width: 128,
        heads: 4,
        kv_heads: 2,
        feed_forward: 256,
        context: 2048,
        vocabulary: 320,
        quantized: false,
    };

    /// The dimensions of `TinyLlama` 1.1B, quantized as most people run it: 0.6 GB.
    pub const TINYLLAMA: Self = Self {
        name: "tinyllama-shaped",
        layers: 22,
        width: 2048,
        heads: 32,
        kv_heads: 4,
        feed_forward: 5632,
        context: 2048,
        vocabulary: 32_000,
        quantized: true,
    };

    /// Writes the model's GGUF file.
    ///
    /// # Errors
    ///
    /// When `out` takes no more.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut dice = Dice(SEED);
        gguf::write(out, &self.values(), &self.tensors(), &mut |tensor| weights(tensor, &mut dice))
    }

    fn values(&self) -> Vec<(&'static str, Value)> {
        let (tokens, scores, types) = vocabulary(self.vocabulary);
        let file_type = if self.quantized { 2 } else { 0 };
        vec![
            ("general.architecture", Value::Text("llama".to_owned())),
            ("general.name", Value::Text(self.name.to_owned())),
            ("general.file_type", Value::U32(file_type)),
            ("llama.context_length", Value::U32(self.context)),
            ("llama.embedding_length", Value::U32(self.width)),
            ("llama.block_count", Value::U32(self.layers)),
            ("llama.feed_forward_length", Value::U32(self.feed_forward)),
            ("llama.attention.head_count", Value::U32(self.heads)),
            ("llama.attention.head_count_kv", Value::U32(self.kv_heads)),
            // 2⁻¹⁷, near the 1e-5 of the architecture and exact.
            ("llama.attention.layer_norm_rms_epsilon", Value::F32(1.0 / 131_072.0)),
            ("llama.rope.dimension_count", Value::U32(self.width / self.heads)),
            ("tokenizer.ggml.model", Value::Text("llama".to_owned())),
            ("tokenizer.ggml.tokens", Value::Texts(tokens)),
            ("tokenizer.ggml.scores", Value::F32s(scores)),
            ("tokenizer.ggml.token_type", Value::I32s(types)),
            ("tokenizer.ggml.unknown_token_id", Value::U32(0)),
            ("tokenizer.ggml.bos_token_id", Value::U32(1)),
            ("tokenizer.ggml.eos_token_id", Value::U32(2)),
            ("tokenizer.ggml.add_bos_token", Value::Bool(true)),
            ("tokenizer.chat_template", Value::Text(CHAT_TEMPLATE.to_owned())),
        ]
    }

    fn tensors(&self) -> Vec<Tensor> {
        let [width, feed_forward, vocabulary] = [self.width, self.feed_forward, self.vocabulary].map(u64::from);
        let kv_width = width / u64::from(self.heads) * u64::from(self.kv_heads);
        let kind = if self.quantized { Kind::Q4 } else { Kind::F32 };
        let matrix = |name: String, rows: u64, columns: u64| Tensor { name, dimensions: vec![rows, columns], kind };
        let norm = |name: String| Tensor { name, dimensions: vec![width], kind: Kind::F32 };
        let mut tensors = vec![matrix("token_embd.weight".to_owned(), width, vocabulary)];
        for layer in 0..self.layers {
            let name = |part: &str| format!("blk.{layer}.{part}.weight");
            tensors.extend([
                norm(name("attn_norm")),
                matrix(name("attn_q"), width, width),
                matrix(name("attn_k"), width, kv_width),
                matrix(name("attn_v"), width, kv_width),
                matrix(name("attn_output"), width, width),
                norm(name("ffn_norm")),
                matrix(name("ffn_gate"), width, feed_forward),
                matrix(name("ffn_up"), width, feed_forward),
                matrix(name("ffn_down"), feed_forward, width),
            ]);
        }
        tensors.push(norm("output_norm.weight".to_owned()));
        tensors.push(matrix("output.weight".to_owned(), width, vocabulary));
        tensors
    }
}

/// Each turn between a line with its role and the end token, as Zephyr and TinyLlama write it.
const CHAT_TEMPLATE: &str = "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}{{ eos_token }}\n\
                             {% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}";

/// What the weights are drawn from; any number would do, but always the same one.
const SEED: u64 = 0x636c_6f75_6477_7269;

/// Sebastiano Vigna's SplitMix64: integers only, and good enough that no row resembles another.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The numbers of a tensor: ones where it only scales, else drawn.
fn weights(tensor: &Tensor, dice: &mut Dice) -> Vec<u8> {
    // A row's product with a vector of ones must stay near one, whatever its length: powers of two near 1/√width.
    let row = tensor.dimensions.first().copied().unwrap_or(1).max(1);
    let halvings = row.ilog2() / 2;
    let numbers = usize::try_from(tensor.numbers()).unwrap_or_default();
    match tensor.kind {
        _ if tensor.dimensions.len() == 1 => (0..numbers).flat_map(|_| 1.0_f32.to_le_bytes()).collect(),
        Kind::F32 => {
            // Words are told apart more clearly than layers tell them apart: two tokens of equal weight would be decided by rounding.
            let bits = if tensor.name.starts_with("output") { 5 } else { 7 };
            let scale = 1.0 / f32::from(1_u16 << (halvings + bits).min(15));
            (0..numbers).flat_map(|_| (f32::from(dice.throw().to_le_bytes()[0].cast_signed()) * scale).to_le_bytes()).collect()
        }
        Kind::Q4 => {
            // 2⁻ᵏ as a float of 16 bits: the exponent is biased by 15, the fraction is empty.
            let exponent = 15 - u16::try_from(halvings + 2).unwrap_or_default().min(14);
            let scale = (exponent << 10).to_le_bytes();
            (0..numbers / 32).flat_map(|_| [&scale[..], &dice.throw().to_le_bytes(), &dice.throw().to_le_bytes()].concat()).collect()
        }
    }
}

/// Tokens, how readily each is merged, and what each is: as SentencePiece has them, with every byte for what no token spells.
fn vocabulary(size: u32) -> (Vec<String>, Vec<f32>, Vec<i32>) {
    let [normal, unknown, control, byte] = [1, 2, 3, 6];
    let special = [("<unk>", unknown), ("<s>", control), ("</s>", control)].map(|(token, kind)| (token.to_owned(), 0.0, kind));
    let bytes = (0..=255_u8).map(|value| (format!("<0x{value:02X}>"), 0.0, byte));
    let letters = ('a'..='z').map(String::from).chain(["▁", ".", ","].map(String::from));
    let pairs = PAIRS.iter().map(ToString::to_string);
    let fill = (0..).map(|number| format!("▁{number}▁"));
    let ranks = (0_u16..).map(|rank| -f32::from(rank));
    let pieces = letters.chain(pairs).chain(fill).zip(ranks).map(|(piece, score)| (piece, score, normal));
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for (token, score, kind) in special.into_iter().chain(bytes).chain(pieces).take(size as usize) {
        columns.0.push(token);
        columns.1.push(score);
        columns.2.push(kind);
    }
    columns
}

/// Some of the commonest beginnings and pairs of English.
const PAIRS: [&str; 24] = [
    "▁t", "▁a", "▁s", "▁w", "he", "in", "er", "an", "re", "on", "at", "en", "nd", "ti", "es", "or", "te", "of", "ed", "is", "it", "al",
    "▁the", "ing",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_the_size_that_its_shape_says() {
        let small =
            Shape { layers: 1, width: 64, heads: 2, kv_heads: 1, feed_forward: 128, vocabulary: 320, quantized: true, ..Shape::TINYLLAMA };
        let mut file = Vec::new();

        small.write(&mut file).unwrap();

        let weights: u64 = small.tensors().iter().filter(|tensor| tensor.kind == Kind::Q4).map(Tensor::numbers).sum();
        assert_eq!(weights, 2 * 64 * 320 + 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128);
        let bits = file.len() as u64 * 8 / weights;
        assert!((4..8).contains(&bits), "{bits} bits per weight would cost another time than `Q4_0` does");
    }

    #[test]
    fn tokens_are_as_many_as_asked_for_and_each_is_there_once() {
        let (mut tokens, scores, types) = vocabulary(32_000);

        assert_eq!((tokens.len(), scores.len(), types.len()), (32_000, 32_000, 32_000));
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 32_000, "llama.cpp refuses a token that is there twice");
    }

    #[test]
    fn dice_fall_the_same_everywhere() {
        let mut dice = Dice(0);

        // The first numbers that the reference implementation of SplitMix64 gives for the seed 0.
        assert_eq!([dice.throw(), dice.throw()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }
}
