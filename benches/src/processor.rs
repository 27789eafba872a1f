//! Which family a processor belongs to. A ratio holds for one family only, so results are kept by family.
//!
//! The kernel tells what `cpuid` (x86) or the identification register (aarch64) says, in `/proc/cpuinfo`. The tables here know
//! the families that servers and desktops have; an unknown one is named by its numbers, so that two of them never share a
//! folder.

use crate::units::slug;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A processor family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessorFamily {
    /// For people: maker, brand and microarchitecture.
    pub name: String,
    /// For a folder's name: maker and microarchitecture in lower case, with dashes.
    pub slug: String,
}

impl ProcessorFamily {
    /// The family of the first processor that `/proc/cpuinfo` tells of. On machines with cores of two kinds that is one of them.
    pub fn of(cpuinfo: &str) -> Self {
        let value = |key: &str| {
            let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
            fields.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
        };
        if let Some((implementer, part)) = value("CPU implementer").zip(value("CPU part")) {
            return arm(number(implementer), number(part));
        }
        let Some(vendor) = value("vendor_id") else { return named("unknown processor", "unknown") };
        let [family, model, stepping] = ["cpu family", "model", "stepping"].map(|key| value(key).map_or(0, number));
        x86(vendor, Cpuid { family, model, stepping }, value("model name").unwrap_or_default())
    }
}

/// What an x86 processor says about itself.
#[derive(Debug, Clone, Copy)]
struct Cpuid {
    family: u32,
    model: u32,
    stepping: u32,
}

/// A row of the tables of x86 processors.
struct X86 {
    family: u32,
    models: RangeInclusive<u32>,
    steppings: RangeInclusive<u32>,
    /// The generation, as the field calls it. What stands in brackets of [`ProcessorFamily::name`] begins with it.
    generation: &'static str,
    /// What this model's chip is called beside.
    chip: Option<&'static str>,
}

const fn model(family: u32, model: u32, generation: &'static str, chip: &'static str) -> X86 {
    X86 { family, models: model..=model, steppings: 0..=u32::MAX, generation, chip: Some(chip) }
}

const fn models(family: u32, models: RangeInclusive<u32>, generation: &'static str) -> X86 {
    X86 { family, models, steppings: 0..=u32::MAX, generation, chip: None }
}

const fn steppings(models: u32, steppings: RangeInclusive<u32>, generation: &'static str) -> X86 {
    X86 { family: 6, models: models..=models, steppings, generation, chip: None }
}

/// Chips that servers have come first; the ranges behind them have the others of a generation.
const AMD: &[X86] = &[
    model(0x17, 0x01, "Zen", "Naples"),
    models(0x17, 0x00..=0x07, "Zen"),
    models(0x17, 0x10..=0x17, "Zen"),
    models(0x17, 0x08..=0x0f, "Zen+"),
    models(0x17, 0x18..=0x1f, "Zen+"),
    models(0x17, 0x20..=0x2f, "Zen"),
    model(0x17, 0x31, "Zen 2", "Rome"),
    models(0x17, 0x30..=0xff, "Zen 2"),
    model(0x19, 0x01, "Zen 3", "Milan"),
    models(0x19, 0x00..=0x0f, "Zen 3"),
    model(0x19, 0x11, "Zen 4", "Genoa"),
    models(0x19, 0x10..=0x1f, "Zen 4"),
    models(0x19, 0x20..=0x5f, "Zen 3"),
    models(0x19, 0x60..=0x7f, "Zen 4"),
    model(0x19, 0xa0, "Zen 4", "Bergamo"),
    models(0x19, 0xa0..=0xaf, "Zen 4"),
    model(0x1a, 0x02, "Zen 5", "Turin"),
    model(0x1a, 0x11, "Zen 5", "Turin Dense"),
    models(0x1a, 0x00..=0x4f, "Zen 5"),
    models(0x1a, 0x60..=0x7f, "Zen 5"),
];

const INTEL: &[X86] = &[
    models(6, 0x3c..=0x3c, "Haswell"),
    models(6, 0x3f..=0x3f, "Haswell"),
    models(6, 0x4f..=0x4f, "Broadwell"),
    models(6, 0x56..=0x56, "Broadwell"),
    steppings(0x55, 0..=4, "Skylake"),
    steppings(0x55, 5..=7, "Cascade Lake"),
    steppings(0x55, 8..=15, "Cooper Lake"),
    models(6, 0x4e..=0x4e, "Skylake"),
    models(6, 0x5e..=0x5e, "Skylake"),
    models(6, 0x6a..=0x6a, "Ice Lake"),
    models(6, 0x6c..=0x6c, "Ice Lake"),
    models(6, 0x7d..=0x7e, "Ice Lake"),
    models(6, 0x8c..=0x8d, "Tiger Lake"),
    models(6, 0x8e..=0x8e, "Kaby Lake"),
    models(6, 0x9e..=0x9e, "Kaby Lake"),
    models(6, 0xa5..=0xa6, "Comet Lake"),
    models(6, 0x97..=0x97, "Alder Lake"),
    models(6, 0x9a..=0x9a, "Alder Lake"),
    models(6, 0xb7..=0xb7, "Raptor Lake"),
    models(6, 0xba..=0xba, "Raptor Lake"),
    models(6, 0xbf..=0xbf, "Raptor Lake"),
    models(6, 0xaa..=0xaa, "Meteor Lake"),
    models(6, 0xac..=0xac, "Meteor Lake"),
    models(6, 0x8f..=0x8f, "Sapphire Rapids"),
    models(6, 0xcf..=0xcf, "Emerald Rapids"),
    models(6, 0xad..=0xae, "Granite Rapids"),
    models(6, 0xaf..=0xaf, "Sierra Forest"),
];

/// Brands that tell one use of a microarchitecture from another.
const BRANDS: [&str; 6] = ["EPYC", "Ryzen", "Threadripper", "Xeon", "Core", "Atom"];

fn x86(vendor: &str, cpuid: Cpuid, model_name: &str) -> ProcessorFamily {
    let (maker, table) = match vendor {
        "AuthenticAMD" => ("AMD", AMD),
        "GenuineIntel" => ("Intel", INTEL),
        "HygonGenuine" => ("Hygon", &[] as &[X86]),
        _ => (vendor, &[] as &[X86]),
    };
    let brand = BRANDS.iter().find(|brand| model_name.contains(*brand));
    let product = brand.map_or_else(|| maker.to_owned(), |brand| format!("{maker} {brand}"));
    let Cpuid { family, model, stepping } = cpuid;
    let row = table
        .iter()
        .find(|row| row.family == family && row.models.contains(&model) && row.steppings.contains(&stepping));
    match row {
        Some(X86 { generation, chip: Some(chip), .. }) => {
            named(&format!("{product} ({generation}, {chip})"), &format!("{maker} {}", joined(generation)))
        }
        Some(X86 { generation, chip: None, .. }) => {
            named(&format!("{product} ({generation})"), &format!("{maker} {}", joined(generation)))
        }
        None => {
            let numbers = format!("family {family}, model {model}");
            named(&format!("{product} ({numbers})"), &format!("{maker} {numbers}"))
        }
    }
}

/// A generation in a folder's name: `zen4`, as everybody writes it.
fn joined(generation: &str) -> String {
    generation.replace("Zen ", "Zen").replace('+', " plus")
}

/// Implementer, part, and what the field calls it.
const ARM: &[(u32, u32, &str)] = &[
    (0x41, 0xd08, "Arm Cortex-A72"),
    (0x41, 0xd0b, "Arm Cortex-A76"),
    (0x41, 0xd0c, "Arm Neoverse N1"),
    (0x41, 0xd40, "Arm Neoverse V1"),
    (0x41, 0xd49, "Arm Neoverse N2"),
    (0x41, 0xd4f, "Arm Neoverse V2"),
    (0x41, 0xd84, "Arm Neoverse V3"),
    (0x41, 0xd8e, "Arm Neoverse N3"),
    (0x46, 0x001, "Fujitsu A64FX"),
    (0x48, 0xd01, "HiSilicon TSV110"),
    (0xc0, 0xac3, "Ampere-1"),
    (0xc0, 0xac4, "Ampere-1A"),
];

fn arm(implementer: u32, part: u32) -> ProcessorFamily {
    match ARM.iter().find(|row| (row.0, row.1) == (implementer, part)) {
        Some((.., name)) => named(name, name),
        None => {
            let name = format!("aarch64, implementer {implementer:#x}, part {part:#x}");
            named(&name, &name)
        }
    }
}

/// A number as the kernel writes it, in hexadecimal after `0x`. What is none counts as 0, of which no table has a row.
fn number(text: &str) -> u32 {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.unwrap_or(0)
}

/// A family with a folder's name that is made of `short`.
fn named(name: &str, short: &str) -> ProcessorFamily {
    ProcessorFamily { name: name.to_owned(), slug: slug(short) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel writes, as far as it matters, among lines that begin alike.
    fn x86_text(vendor: &str, [family, model, stepping]: [u32; 3], name: &str) -> String {
        format!(
            "processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: {name}\n\
             stepping\t: {stepping}\nmicrocode\t: 0x1000065\ncpu MHz\t\t: 2596.140\n\nprocessor\t: 1\nvendor_id\t: {vendor}\n"
        )
    }

    fn assert_family(cpuinfo: &str, name: &str, slug: &str) {
        let family = ProcessorFamily::of(cpuinfo);
        assert_eq!((&*family.name, &*family.slug), (name, slug));
    }

    #[test]
    fn servers_are_told_apart_by_their_numbers() {
        for (vendor, numbers, model_name, name, slug) in [
            ("AuthenticAMD", [25, 17, 1], "AMD EPYC", "AMD EPYC (Zen 4, Genoa)", "amd-zen4"),
            ("AuthenticAMD", [25, 1, 1], "AMD EPYC 7763", "AMD EPYC (Zen 3, Milan)", "amd-zen3"),
            ("AuthenticAMD", [23, 49, 0], "AMD EPYC 7R32", "AMD EPYC (Zen 2, Rome)", "amd-zen2"),
            ("AuthenticAMD", [26, 2, 1], "AMD EPYC 9655", "AMD EPYC (Zen 5, Turin)", "amd-zen5"),
            ("AuthenticAMD", [25, 97, 2], "AMD Ryzen 9 7950X", "AMD Ryzen (Zen 4)", "amd-zen4"),
            ("AuthenticAMD", [23, 8, 2], "AMD Ryzen 7 2700X", "AMD Ryzen (Zen+)", "amd-zen-plus"),
            ("GenuineIntel", [6, 143, 8], "Intel(R) Xeon(R)", "Intel Xeon (Sapphire Rapids)", "intel-sapphire-rapids"),
            ("GenuineIntel", [6, 85, 4], "Intel(R) Xeon(R)", "Intel Xeon (Skylake)", "intel-skylake"),
            ("GenuineIntel", [6, 85, 7], "Intel(R) Xeon(R)", "Intel Xeon (Cascade Lake)", "intel-cascade-lake"),
            ("GenuineIntel", [6, 106, 6], "Intel(R) Xeon(R)", "Intel Xeon (Ice Lake)", "intel-ice-lake"),
        ] {
            assert_family(&x86_text(vendor, numbers, model_name), name, slug);
        }
    }

    #[test]
    fn an_unknown_processor_is_named_by_its_numbers() {
        assert_family(
            &x86_text("AuthenticAMD", [27, 3, 0], "AMD Eng Sample"),
            "AMD (family 27, model 3)",
            "amd-family-27-model-3",
        );
        assert_family(
            &x86_text("  Shanghai  ", [7, 91, 0], "ZHAOXIN KaiXian"),
            "Shanghai (family 7, model 91)",
            "shanghai-family-7-model-91",
        );
        assert_family(
            "CPU implementer\t: 0x61\nCPU part\t: 0x022\n",
            "aarch64, implementer 0x61, part 0x22",
            "aarch64-implementer-0x61-part-0x22",
        );
        assert_family("", "unknown processor", "unknown");
    }

    #[test]
    fn aarch64_is_told_by_implementer_and_part() {
        let text = "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\
                    CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n";
        assert_family(text, "Arm Neoverse N1", "arm-neoverse-n1");
        assert_family(&text.replace("0xd0c", "0xd4f"), "Arm Neoverse V2", "arm-neoverse-v2");
        assert_family(&text.replace("0x41", "0xc0").replace("0xd0c", "0xac3"), "Ampere-1", "ampere-1");
    }

    #[test]
    fn rows_that_overlap_agree() {
        for table in [AMD, INTEL] {
            for (at, row) in table.iter().enumerate() {
                let overlaps = |other: &&X86| {
                    other.family == row.family
                        && other.models.start() <= row.models.end()
                        && row.models.start() <= other.models.end()
                        && other.steppings.start() <= row.steppings.end()
                        && row.steppings.start() <= other.steppings.end()
                };
                for other in table[..at].iter().filter(overlaps) {
                    assert_eq!(other.generation, row.generation, "family {:#x}, models {:x?}", row.family, row.models);
                }
            }
        }
    }
}
