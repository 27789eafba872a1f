//! Accesses of a process that stands still, by its next instruction and its registers.

#![allow(unsafe_code, reason = "ptrace is unsafe, and everything else here is not")]

use crate::tracer::Forked;
use anyhow::{Context, Result, ensure};
use iced_x86::{Code, Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Register};
use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// No instruction is longer.
const LENGTH_MAX: usize = 15;

/// Of the flags, the one that says that a repeated instruction goes on.
const RESUME: u64 = 1 << 16;

/// Accesses of one traced process to one file that it maps.
pub struct Accesses {
    id: libc::pid_t,
    addresses: Range<u64>,
    memory: File,
    /// By their addresses: code does not change.
    known: HashMap<u64, Instruction>,
    factory: InstructionInfoFactory,
}

impl Accesses {
    pub fn of(process: &Forked, file: &Path) -> Result<Self> {
        let (id, file) = (process.id(), file.display().to_string());
        let maps = std::fs::read_to_string(format!("/proc/{id}/maps"))?;
        let line = maps.lines().find(|line| line.ends_with(&file)).context("the process does not map its channel")?;
        let range =
            line.split(' ').next().and_then(|range| range.split_once('-')).context("a mapping without an end")?;
        let address = |text| u64::from_str_radix(text, 16);
        Ok(Self {
            id: id as libc::pid_t,
            addresses: address(range.0)?..address(range.1)?,
            memory: File::open(format!("/proc/{id}/mem"))?,
            known: HashMap::new(),
            factory: InstructionInfoFactory::new(),
        })
    }

    /// Whether the next instruction touches the file, or calls the system. Of one that repeats itself, only the beginning
    /// counts.
    pub fn is_next(&mut self) -> Result<bool> {
        let registers = self.registers()?;
        let instruction = self.instruction(registers.rip)?;
        if instruction.code() == Code::Syscall {
            return Ok(true);
        }
        if instruction.has_rep_prefix() && registers.eflags & RESUME != 0 {
            return Ok(false);
        }
        let used = self.factory.info(&instruction).used_memory();
        Ok(used.iter().any(|used| {
            let address = used.virtual_address(0, |register, _, _| value(&registers, register));
            address.is_some_and(|address| self.addresses.contains(&address))
        }))
    }

    fn instruction(&mut self, at: u64) -> Result<Instruction> {
        if let Some(&known) = self.known.get(&at) {
            return Ok(known);
        }
        let mut bytes = [0; LENGTH_MAX];
        let read = self.memory.read_at(&mut bytes, at).context("reading an instruction")?;
        let decoded = Decoder::with_ip(64, &bytes[..read], at, DecoderOptions::NONE).decode();
        self.known.insert(at, decoded);
        Ok(decoded)
    }

    fn registers(&self) -> Result<libc::user_regs_struct> {
        // SAFETY: plain numbers, for which zeros are values.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        // SAFETY: our own child, which stands still; the kernel writes one such struct, which is ours.
        let asked = unsafe { libc::ptrace(libc::PTRACE_GETREGS, self.id, 0, &raw mut registers) };
        ensure!(asked == 0, "PTRACE_GETREGS: {}", std::io::Error::last_os_error());
        Ok(registers)
    }
}

/// What the register holds; nothing for one that is never part of an address here.
fn value(registers: &libc::user_regs_struct, register: Register) -> Option<u64> {
    let whole = match register.full_register() {
        Register::RAX => registers.rax,
        Register::RBX => registers.rbx,
        Register::RCX => registers.rcx,
        Register::RDX => registers.rdx,
        Register::RSI => registers.rsi,
        Register::RDI => registers.rdi,
        Register::RBP => registers.rbp,
        Register::RSP => registers.rsp,
        Register::R8 => registers.r8,
        Register::R9 => registers.r9,
        Register::R10 => registers.r10,
        Register::R11 => registers.r11,
        Register::R12 => registers.r12,
        Register::R13 => registers.r13,
        Register::R14 => registers.r14,
        Register::R15 => registers.r15,
        Register::RIP => registers.rip,
        Register::FS => return Some(registers.fs_base),
        Register::GS => return Some(registers.gs_base),
        _ if register.is_segment_register() => return Some(0),
        _ => return None,
    };
    // An address may be made of the lower half of a register.
    Some(if register.size() == 4 { whole & u64::from(u32::MAX) } else { whole })
}
