// Lists in the formats of --format: table, compact, csv, json, yaml, markdown.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "api/json.h"
#include "applets/cli/command.h"
#include "base/result.h"
#include "base/strings.h"

namespace cli {

inline constexpr Flag kFormatFlag = {"format|f", FlagKind::text,
                                     "Output as csv, json, table, yaml, compact or markdown; \",noheader\" drops the header, \",header\" adds it (csv,header)", "table"};

struct Table {
  StringList header;
  std::vector<StringList> rows;
};

/// Is this a value for --format? Errors: invalid.
Result<> check_format(std::string_view format);
/// Writes to standard output; json and yaml show `raw`. Errors: invalid (unknown format).
Result<> print_table(std::string_view format, const Table& table, const Json& raw);
/// The same as text.
Result<std::string> render_table(std::string_view format, const Table& table, const Json& raw);
/// Sorts rows by their cells from the first one on; numbers inside texts count as numbers, and empty first cells go last.
void sort_rows(std::vector<StringList>& rows);
/// Fewer rules: plain order of the cells' texts.
bool natural_before(std::string_view a, std::string_view b);

/// One column a list may show. `letter` is its shorthand for --columns.
struct Column {
  char letter;
  std::string_view name;
  std::string (*cell)(const Json& item);
};

/// "ns" or "n,s" -> columns. Errors: invalid (unknown letter, empty).
Result<std::vector<const Column*>> select_columns(std::span<const Column> all, std::string_view letters);

}  // namespace cli
