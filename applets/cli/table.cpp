// Table drawing and the other list formats.
#include "applets/cli/table.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "api/yaml.h"
#include "applets/cli/width.h"

namespace cli {

namespace {

struct Format {
  std::string name;
  StringList modifiers;
  bool has(std::string_view modifier) const { return contains(modifiers, modifier); }
};

Format parse_format(std::string_view text) {
  StringList parts = split(text, ',');
  Format format{parts[0], {}};
  format.modifiers.assign(parts.begin() + 1, parts.end());
  return format;
}

size_t widest_line(std::string_view cell) {
  size_t width = 0;
  for (const std::string& line : split(cell, '\n')) width = std::max(width, display_width(line));
  return width;
}

std::vector<size_t> column_widths(const Table& table) {
  std::vector<size_t> widths(table.header.size());
  auto widen = [&](const StringList& row) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], widest_line(row[i]));
  };
  widen(table.header);
  for (const StringList& row : table.rows) widen(row);
  return widths;
}

std::string left(std::string_view text, size_t width) { return std::string(text) + std::string(width - std::min(width, display_width(text)), ' '); }

std::string centred(std::string_view text, size_t width) {
  size_t room = width - std::min(width, display_width(text));
  return std::string(room / 2, ' ') + std::string(text) + std::string(room - room / 2, ' ');
}

/// The characters between and around cells.
struct Style {
  std::string_view open, between, close;
};
constexpr Style kPiped = {"| ", " | ", " |\n"};
constexpr Style kBare = {"  ", "  ", "  \n"};

void draw_row(std::string& out, const StringList& row, const std::vector<size_t>& widths, const Style& style, bool header) {
  std::vector<StringList> cells;
  size_t height = 1;
  for (size_t i = 0; i < widths.size(); ++i) {
    cells.push_back(split(i < row.size() ? std::string_view(row[i]) : "", '\n'));
    height = std::max(height, cells.back().size());
  }
  for (size_t line = 0; line < height; ++line) {
    out += style.open;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (i) out += style.between;
      std::string_view text = line < cells[i].size() ? std::string_view(cells[i][line]) : "";
      out += header ? centred(text, widths[i]) : left(text, widths[i]);
    }
    out += style.close;
  }
}

std::string rule(const std::vector<size_t>& widths) {
  std::string out = "+";
  for (size_t width : widths) out += std::string(width + 2, '-') + "+";
  return out + "\n";
}

std::string boxed(const Table& table) {
  if (table.header.empty() && table.rows.empty()) return "";
  std::vector<size_t> widths = column_widths(table);
  const std::string line = rule(widths);
  std::string out = line;
  bool first = true;
  if (!table.header.empty()) {
    draw_row(out, table.header, widths, kPiped, true);
    first = false;
  }
  for (const StringList& row : table.rows) {
    if (!first) out += line;
    first = false;
    draw_row(out, row, widths, kPiped, false);
  }
  return out + line;
}

std::string bare(const Table& table) {
  std::vector<size_t> widths = column_widths(table);
  std::string out;
  if (!table.header.empty()) draw_row(out, table.header, widths, kBare, true);
  for (const StringList& row : table.rows) draw_row(out, row, widths, kBare, false);
  return out;
}

std::string markdown(const Table& table) {
  if (table.header.empty() && table.rows.empty()) return "";
  std::vector<size_t> widths = column_widths(table);
  std::string out;
  if (!table.header.empty()) draw_row(out, table.header, widths, kPiped, true);
  out += "|";
  for (size_t width : widths) out += ":" + std::string(table.rows.empty() ? width : width + 1, '-') + (table.rows.empty() ? ":|" : "|");
  out += "\n";
  for (const StringList& row : table.rows) draw_row(out, row, widths, kPiped, false);
  return out;
}

std::string csv_cell(const std::string& cell) {
  bool plain = cell.find_first_of(",\"\r\n") == std::string::npos && !(cell.size() && (cell[0] == ' ' || cell[0] == '\t')) && cell != "\\.";
  return plain ? cell : "\"" + replace_all(cell, "\"", "\"\"") + "\"";
}

std::string csv(const Table& table, const Format& format) {
  std::string out;
  auto line = [&](const StringList& row) {
    for (size_t i = 0; i < row.size(); ++i) out += (i ? "," : "") + csv_cell(row[i]);
    out += "\n";
  };
  if (format.has("header")) line(format.has("noheader") ? StringList{} : table.header);
  for (const StringList& row : table.rows) line(row);
  return out;
}

void write_json(std::string& out, const Json& value) {
  if (value.is_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : value.items()) {
      if (!first) out += ',';
      first = false;
      api::append_json_string(out, key);
      out += ':';
      write_json(out, item);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i) out += ',';
      write_json(out, value[i]);
    }
    out += ']';
  } else if (value.is_string()) {
    api::append_json_string(out, value.get_ref<const std::string&>());
  } else {
    out += value.dump();
  }
}

bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<> check_format(std::string_view text) {
  Format format = parse_format(text);
  for (const std::string& modifier : format.modifiers) {
    if (!contains({"noheader", "header", "raw", ""}, modifier)) return fail(Code::invalid, "Invalid modifier {} on flag \"--format\" ({})", quote(modifier), quote(text));
  }
  if (!contains({"csv", "json", "table", "yaml", "compact", "markdown"}, format.name)) return fail(Code::invalid, "Invalid value {} for flag \"--format\"", quote(format.name));
  return {};
}

Result<std::string> render_table(std::string_view text, const Table& table, const Json& raw) {
  Format format = parse_format(text);
  if (format.name == "csv") return csv(table, format);
  if (format.name == "yaml") return api::dump_yaml(raw);
  if (format.name == "json") {
    std::string out;
    write_json(out, raw);
    return out + "\n";
  }
  Table shown = table;
  if (format.has("noheader")) shown.header.clear();
  if (format.name == "table") return boxed(shown);
  if (format.name == "compact") return bare(shown);
  if (format.name == "markdown") return markdown(shown);
  return fail(Code::invalid, "Invalid format {}", quote(format.name));
}

Result<> print_table(std::string_view format, const Table& table, const Json& raw) {
  std::string text = TRY(render_table(format, table, raw));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return {};
}

bool natural_before(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      size_t zeros_a = i, zeros_b = j;
      while (i < a.size() && a[i] == '0') ++i;
      while (j < b.size() && b[j] == '0') ++j;
      size_t start_a = i, start_b = j;
      while (i < a.size() && digit(a[i])) ++i;
      while (j < b.size() && digit(b[j])) ++j;
      if (i - start_a != j - start_b) return i - start_a < j - start_b;
      int order = a.substr(start_a, i - start_a).compare(b.substr(start_b, j - start_b));
      if (order) return order < 0;
      if (start_a - zeros_a != start_b - zeros_b) return start_a - zeros_a < start_b - zeros_b;
      continue;
    }
    if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
    ++i;
    ++j;
  }
  return a.size() - i < b.size() - j;
}

void sort_rows(std::vector<StringList>& rows) {
  std::ranges::stable_sort(rows, [](const StringList& a, const StringList& b) {
    for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
      if (a[i] == b[i]) continue;
      if (a[i].empty()) return false;
      return b[i].empty() || natural_before(a[i], b[i]);
    }
    return false;
  });
}

Result<std::vector<const Column*>> select_columns(std::span<const Column> all, std::string_view letters) {
  std::vector<const Column*> columns;
  for (const std::string& part : split(letters, ',')) {
    if (part.empty()) return fail(Code::invalid, "Empty column entry (redundant, leading or trailing command) in '{}'", letters);
    for (char letter : part) {
      auto found = std::ranges::find(all, letter, &Column::letter);
      if (found == all.end()) return fail(Code::invalid, "Unknown column shorthand char '{}' in '{}'", letter, part);
      columns.push_back(&*found);
    }
  }
  return columns;
}

}  // namespace cli
