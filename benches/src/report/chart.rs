//! A plot as SVG.

use super::scale::{Scale, Span};
use anyhow::{Context, Result, anyhow};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::collections::BTreeMap;
use std::ops::Range;

/// What is drawn.
pub struct Chart {
    /// What is shown, of what.
    pub title: String,
    /// Which way is better, and what else one has to know.
    pub note: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// From top to bottom of the legend.
    pub lines: Vec<Line>,
    /// Whether each point is marked: where there are few.
    pub marked: bool,
}

/// One of the two axes.
pub struct Axis {
    /// With the unit.
    pub label: &'static str,
    /// How it is divided.
    pub scale: Scale,
    /// How a value is written.
    pub show: fn(f64) -> String,
}

/// Points that belong together.
pub struct Line {
    /// In the legend.
    pub label: String,
    /// Whether it is a limit that the others are compared with.
    pub is_limit: bool,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

/// An axis as the library wants it.
struct Ruler {
    span: Span,
    show: fn(f64) -> String,
}

impl Ranged for Ruler {
    type ValueType = f64;
    type FormatOption = NoDefaultFormatting;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.span.share(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.span.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        let [first, last] = [self.span.ticks.first(), self.span.ticks.last()].map(|tick| tick.copied().unwrap_or(0.0));
        first..last
    }
}

impl ValueFormatter<f64> for Ruler {
    fn format_ext(&self, value: &f64) -> String {
        (self.show)(*value)
    }
}

const SIZE: (u32, u32) = (1120, 520);
/// For the title and the note.
const TOP: u32 = 72;
/// For the legend, on the right.
const LEGEND: u32 = 390;
const FONT: &str = "sans-serif";

/// Okabe and Ito's colours, which colour-blind people can tell apart, too; without the yellow, which is pale on white.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
];
/// Of limits, which are dashed.
const GREYS: [RGBColor; 3] = [RGBColor(40, 40, 40), RGBColor(150, 150, 150), RGBColor(95, 95, 95)];
const GRID: RGBColor = RGBColor(222, 222, 222);

impl Chart {
    /// The SVG; `None` if there is nothing to show.
    pub fn svg(&self) -> Result<Option<String>> {
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let spans = self.x.scale.span(all().map(|point| point.0)).zip(self.y.scale.span(all().map(|point| point.1)));
        let Some((x, y)) = spans else { return Ok(None) };
        let (x, y) = (Ruler { span: x, show: self.x.show }, Ruler { span: y, show: self.y.show });
        let mut svg = String::new();
        self.draw(&mut svg, x, y).map_err(|error| anyhow!("{error}")).context("drawing a plot")?;
        Ok(Some(svg))
    }

    fn draw(&self, svg: &mut String, x: Ruler, y: Ruler) -> Result<(), Box<dyn std::error::Error>> {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        root.draw(&Text::new(self.title.clone(), (16, 14), (FONT, 21)))?;
        root.draw(&Text::new(self.note.clone(), (16, 42), (FONT, 15).into_font().color(&BLACK.mix(0.65))))?;
        let (_, below) = root.split_vertically(TOP);
        let (plot, legend) = below.split_horizontally(SIZE.0 - LEGEND);
        let mut chart = ChartBuilder::on(&plot);
        let chart = chart.margin_left(16).margin_right(24).margin_bottom(8).x_label_area_size(50).y_label_area_size(80);
        let mut chart = chart.build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GREYS[0])
            .label_style((FONT, 14))
            .axis_desc_style((FONT, 15))
            .x_desc(self.x.label)
            .y_desc(self.y.label)
            .draw()?;
        let (mut colours, mut greys) = (COLOURS.into_iter().cycle(), GREYS.into_iter().cycle());
        for (index, line) in self.lines.iter().enumerate() {
            let colour = if line.is_limit { greys.next() } else { colours.next() }.unwrap_or(BLACK);
            let style = ShapeStyle { color: colour.to_rgba(), filled: true, stroke_width: 2 };
            let points = line.points.iter().copied();
            let row = 16 + 26 * index as i32;
            if line.is_limit {
                chart.draw_series(DashedLineSeries::new(points.clone(), 7, 5, style))?;
                legend.draw(&PathElement::new([(0, row), (11, row)], style))?;
                legend.draw(&PathElement::new([(16, row), (27, row)], style))?;
            } else {
                chart.draw_series(LineSeries::new(points.clone(), style))?;
                legend.draw(&PathElement::new([(0, row), (27, row)], style))?;
            }
            if self.marked {
                chart.draw_series(points.map(|point| Circle::new(point, 4, style)))?;
            }
            let beside = (FONT, 14).into_text_style(&legend).pos(Pos::new(HPos::Left, VPos::Center));
            // It keeps its colour, so that a line has the same one in the plots of every run.
            let missing = if line.points.is_empty() { ": not measured" } else { "" };
            legend.draw(&Text::new(format!("{}{missing}", line.label), (36, row), beside))?;
        }
        root.present()?;
        Ok(())
    }
}

/// Lines in the order in which their labels first come.
#[derive(Default)]
pub struct Lines {
    lines: Vec<Line>,
    by_label: BTreeMap<String, usize>,
}

impl Lines {
    /// Other points of the line with this label, if there are any: its place in the legend is that of the first call.
    pub fn add(&mut self, label: &str, is_limit: bool, points: impl IntoIterator<Item = (f64, f64)>) {
        let index = *self.by_label.entry(label.to_owned()).or_insert_with(|| {
            self.lines.push(Line { label: label.to_owned(), is_limit, points: Vec::new() });
            self.lines.len() - 1
        });
        self.lines[index].points.extend(points);
    }

    /// All of them, each from left to right.
    pub fn sorted(mut self) -> Vec<Line> {
        for line in &mut self.lines {
            line.points.sort_by(|one, other| one.0.total_cmp(&other.0));
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{number, time};

    fn chart(lines: Vec<Line>) -> Chart {
        let x = Axis { label: "size", scale: Scale::Log2, show: number };
        let y = Axis { label: "time", scale: Scale::Log10, show: time };
        Chart { title: "A < B".to_owned(), note: "lower is better".to_owned(), x, y, lines, marked: true }
    }

    #[test]
    fn a_chart_says_what_it_shows() {
        let mut lines = Lines::default();
        lines.add("limit", true, None);
        for at in [64.0, 8.0] {
            lines.add("memlane", false, [(at, 130.0 * at)]);
            lines.add("limit", true, [(at, 100.0 * at)]);
            lines.add("disturbed", false, None);
        }
        let lines = lines.sorted();
        assert_eq!(lines.iter().map(|line| &*line.label).collect::<Vec<_>>(), ["limit", "memlane", "disturbed"]);
        assert_eq!(lines[1].points, [(8.0, 1040.0), (64.0, 8320.0)]);
        let svg = chart(lines).svg().unwrap().unwrap();
        for shown in
            ["A &lt; B", "lower is better", "size", "time", "limit", "memlane", "disturbed: not measured", "1 µs", "64"]
        {
            assert!(svg.contains(shown), "{shown} is missing in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 4);
    }

    #[test]
    fn without_values_there_is_no_chart() {
        assert!(chart(Vec::new()).svg().unwrap().is_none());
    }
}
