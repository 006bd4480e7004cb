//! The file format of models, GGUF version 3, as far as a model of random weights needs it.
//!
//! Little-endian throughout: a head, named values, where each tensor lies, and the tensors, each on a boundary of 32 bytes.

use std::io::{self, Write};

/// Tensors begin on multiples of this, counted from the end of the head; what the format takes when a file says nothing else.
const ALIGNMENT: u64 = 32;

/// Weights of one block of [`Kind::Q4`].
const BLOCK: u64 = 32;

/// A value with a name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    U32(u32),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    F32s(Vec<f32>),
    I32s(Vec<i32>),
}

/// How the numbers of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Four bytes each.
    F32,
    /// `Q4_0`: blocks of 32 weights, a scale of 16 bits and 4 bits for each.
    Q4,
}

impl Kind {
    /// How many bytes this many numbers take; of [`Kind::Q4`], whole blocks.
    pub(crate) fn bytes(self, numbers: u64) -> u64 {
        match self {
            Self::F32 => numbers * 4,
            Self::Q4 => numbers / BLOCK * (2 + BLOCK / 2),
        }
    }

    const fn code(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::Q4 => 2,
        }
    }
}

/// A tensor, without its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    /// The length of a row first.
    pub(crate) dimensions: Vec<u64>,
    pub(crate) kind: Kind,
}

impl Tensor {
    pub(crate) fn numbers(&self) -> u64 {
        self.dimensions.iter().product()
    }

    fn bytes(&self) -> u64 {
        self.kind.bytes(self.numbers())
    }
}

/// Writes a file. `fill` is asked for the bytes of one tensor after the other, so that a large model never lies in memory.
pub(crate) fn write(
    out: &mut dyn Write,
    values: &[(&str, Value)],
    tensors: &[Tensor],
    fill: &mut dyn FnMut(&Tensor) -> Vec<u8>,
) -> io::Result<()> {
    let mut head = Vec::from(*b"GGUF");
    head.extend(3_u32.to_le_bytes());
    length(&mut head, tensors.len());
    length(&mut head, values.len());
    for (name, value) in values {
        text(&mut head, name);
        put(&mut head, value);
    }
    let mut offset = 0_u64;
    for tensor in tensors {
        text(&mut head, &tensor.name);
        head.extend(u32::try_from(tensor.dimensions.len()).map_err(io::Error::other)?.to_le_bytes());
        tensor.dimensions.iter().for_each(|dimension| head.extend(dimension.to_le_bytes()));
        head.extend(tensor.kind.code().to_le_bytes());
        head.extend(offset.to_le_bytes());
        offset += tensor.bytes().next_multiple_of(ALIGNMENT);
    }
    pad(&mut head);
    out.write_all(&head)?;
    for tensor in tensors {
        let mut data = fill(tensor);
        if data.len() as u64 != tensor.bytes() {
            return Err(io::Error::other(format!("`{}` has {} bytes instead of {}", tensor.name, data.len(), tensor.bytes())));
        }
        pad(&mut data);
        out.write_all(&data)?;
    }
    out.flush()
}

fn put(head: &mut Vec<u8>, value: &Value) {
    const ARRAY: u32 = 9;
    let mut code = |code: u32| head.extend(code.to_le_bytes());
    match value {
        Value::U32(number) => {
            code(4);
            head.extend(number.to_le_bytes());
        }
        Value::F32(number) => {
            code(6);
            head.extend(number.to_le_bytes());
        }
        Value::Bool(yes) => {
            code(7);
            head.push(u8::from(*yes));
        }
        Value::Text(words) => {
            code(8);
            text(head, words);
        }
        Value::Texts(texts) => {
            code(ARRAY);
            code(8);
            length(head, texts.len());
            texts.iter().for_each(|words| text(head, words));
        }
        Value::F32s(numbers) => {
            code(ARRAY);
            code(6);
            length(head, numbers.len());
            numbers.iter().for_each(|number| head.extend(number.to_le_bytes()));
        }
        Value::I32s(numbers) => {
            code(ARRAY);
            code(5);
            length(head, numbers.len());
            numbers.iter().for_each(|number| head.extend(number.to_le_bytes()));
        }
    }
}

fn text(head: &mut Vec<u8>, text: &str) {
    length(head, text.len());
    head.extend(text.as_bytes());
}

fn length(head: &mut Vec<u8>, length: usize) {
    head.extend((length as u64).to_le_bytes());
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT as usize), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_laid_out_as_the_format_says() {
        let tensors = [Tensor { name: "a".to_owned(), dimensions: vec![2], kind: Kind::F32 }];
        let mut file = Vec::new();

        write(&mut file, &[("k", Value::U32(7))], &tensors, &mut |_| vec![1; 8]).unwrap();

        let head = [
            &b"GGUF\x03\0\0\0"[..],
            &1_u64.to_le_bytes(),
            &1_u64.to_le_bytes(),
            // The value: its name, that it is a `u32`, and it.
            b"\x01\0\0\0\0\0\0\0k",
            &4_u32.to_le_bytes(),
            &7_u32.to_le_bytes(),
            // The tensor: its name, one dimension of two, `F32`, at the start.
            b"\x01\0\0\0\0\0\0\0a",
            &1_u32.to_le_bytes(),
            &2_u64.to_le_bytes(),
            &0_u32.to_le_bytes(),
            &0_u64.to_le_bytes(),
        ]
        .concat();
        assert_eq!(file[..head.len()], head[..], "no program would read it");
        assert_eq!(file.len(), head.len().next_multiple_of(32) + 32, "the tensor would not lie where it is looked for");
        assert_eq!(file[file.len() - 32..][..9], [1, 1, 1, 1, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn a_tensor_of_the_wrong_length_is_no_file() {
        let tensors = [Tensor { name: "blk.0".to_owned(), dimensions: vec![32], kind: Kind::Q4 }];

        let error = write(&mut Vec::new(), &[], &tensors, &mut |_| vec![0; 17]).unwrap_err();

        assert!(error.to_string().contains("`blk.0` has 17 bytes instead of 18"), "every later tensor would be shifted: {error}");
    }
}
