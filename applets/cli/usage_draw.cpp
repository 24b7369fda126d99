// The drawing below a usage line that shows which argument was taken for which element.
#include <algorithm>

#include "applets/cli/usage.h"
#include "applets/cli/usage_atom.h"
#include "applets/cli/width.h"

namespace cli {

namespace {

constexpr std::string_view kPrefix = "Usage:";

std::string bracket(size_t width) {
  if (width == 1) return "┬";
  if (width == 2) return "├┘";
  size_t dashes = width - 3;
  return "└" + repeat("─", dashes / 2) + "┬" + repeat("─", dashes - dashes / 2) + "┘";
}

/// Where each element stands in the line.
struct Layout {
  std::vector<size_t> widths, starts;
};

Layout layout_of(const StringList& elements) {
  Layout layout;
  size_t column = 0;
  for (const std::string& element : elements) {
    layout.widths.push_back(display_width(element));
    layout.starts.push_back(column);
    column += layout.widths.back() + 1;
  }
  return layout;
}

std::string values_of(const std::vector<Arg>& values) {
  std::string out;
  for (size_t i = 0; i < values.size(); ++i) {
    out += "  " + repeat("│", values.size() - i - 1) + "└" + repeat("─", i + 1) + " ";
    if (!values[i].reason.empty()) out += std::format("(skipped: {})\n", values[i].reason);
    else if (values[i].skipped) out += "(skipped: no value given)\n";
    else out += std::format("“{}”\n", values[i].text);
  }
  return out;
}

}  // namespace

std::string draw_match(const Usage& usage, std::string_view command_line, const std::vector<Arg>& matched, size_t arguments) {
  StringList elements = usage.elements();
  std::string out = std::format("{} {} {}\n", kPrefix, command_line, join(elements, " "));
  Layout layout = layout_of(elements);
  bool backwards = usage.right_to_left(arguments);
  size_t count = matched.size();
  size_t first = backwards ? elements.size() - count : 0;  // the first matched element
  size_t left = display_width(kPrefix) + display_width(command_line) + 2;
  std::vector<Arg> values = matched;
  if (backwards) std::ranges::reverse(values);

  if (elements.empty()) return out + "\n";
  StringList marks;
  size_t mark_start = layout.starts[std::min(first, elements.size() - 1)];
  auto failed = [&](size_t index) { return repeat("┅", layout.widths[index]); };
  if (backwards && count < elements.size()) {
    marks.push_back(failed(first - 1));
    mark_start = layout.starts[first - 1];
  }
  std::vector<size_t> middles;
  for (size_t i = 0; i < count; ++i) {
    marks.push_back(bracket(layout.widths[first + i]));
    middles.push_back(layout.starts[first + i] + (layout.widths[first + i] - 1) / 2);
  }
  if (!backwards && count < elements.size()) marks.push_back(failed(count));
  out += repeat(" ", left + mark_start) + join(marks, " ") + "\n";
  for (size_t i = 0; i < count; ++i) {
    out += repeat(" ", count + 1 - i) + "┌" + repeat("│", i) + repeat("─", left - 1 + middles[i] - count - 1) + "┘";
    for (size_t j = i + 1; j < count; ++j) out += repeat(" ", middles[j] - middles[j - 1] - 1) + "│";
    out += "\n";
  }
  return out + values_of(values) + "\n";
}

}  // namespace cli
