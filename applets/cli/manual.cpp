#include "applets/cli/manual.h"

#include <algorithm>

#include "api/json.h"
#include "api/yaml.h"
#include "applets/cli/flags.h"
#include "applets/cli/tree.h"
#include "applets/cli/version.h"

namespace cli {

namespace {

std::string option_head(const Flag& flag) {
  constexpr std::string_view kTypes[] = {"", " string", " int", " strings"};
  std::string head = short_name(flag) ? std::format("-{}, ", short_name(flag)) : "";
  head += std::format("--{}", long_name(flag));
  if (flag.kind != FlagKind::boolean && !flag.bare.empty()) return head + std::format("[=\"{}\"]", flag.bare);
  return head + std::string(kTypes[static_cast<size_t>(flag.kind)]);
}

std::vector<ManualOption> options_of(std::span<const Flag> flags) {
  std::vector<const Flag*> sorted;
  for (const Flag& flag : flags) sorted.push_back(&flag);
  std::ranges::sort(sorted, {}, [](const Flag* flag) { return long_name(*flag); });
  std::vector<ManualOption> options;
  for (const Flag* flag : sorted) {
    bool shown = !flag->fallback.empty() && flag->fallback != "0";
    options.push_back({option_head(*flag), std::string(flag->help) + (shown ? std::format(" (default: {})", flag->fallback) : "")});
  }
  return options;
}

}  // namespace

ManualPage manual_page(const Command& command, bool all) {
  ManualPage page{.command = command_line_of(command), .summary = std::string(command.summary), .about = std::string(command.about),
                  .usage = std::format("{}{}{} [flags]", command_line_of(command), command.usage.empty() ? "" : " ", command.usage),
                  .examples = std::string(command.examples), .aliases = split_list(command.aliases), .options = options_of(command.flags),
                  .inherited = options_of(global_flags()), .parent = "", .children = {}};
  if (!command.path.empty()) page.parent = command_line_of(parent_of(command));
  for (const Command* child : children_of(command)) {
    if (all || !(child->options & kHiddenCommand)) page.children.push_back({command_line_of(*child), std::string(child->summary)});
  }
  return page;
}

namespace {

// man: troff with the macros of man(7).

std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
    line_start = c == '\n';
  }
  return out;
}

std::string roff_literal(std::string_view text) { return ".nf\n.RS 4\n" + roff(text) + "\n.RE\n.fi\n"; }

std::string roff_options(std::string_view title, const std::vector<ManualOption>& options) {
  if (options.empty()) return "";
  std::string out = std::format(".SH {}\n", title);
  for (const ManualOption& option : options) out += std::format(".TP\n\\fB{}\\fP\n{}\n", roff(option.head), roff(option.text));
  return out;
}

std::string with_separator(std::string_view command, char separator) {
  std::string name(command);
  std::ranges::replace(name, ' ', separator);
  return name;
}

std::string render_man(const ManualPage& page) {
  std::string name = with_separator(page.command, '-');
  std::string out = std::format(".TH \"{}\" \"1\" \"\" \"incusbox {}\" \"Incus client\"\n", roff(to_upper(name)), kVersion);
  out += std::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n\\fB{}\\fP\n.SH DESCRIPTION\n{}\n", roff(name), roff(page.summary), roff(page.usage), roff(page.summary));
  if (!page.about.empty()) out += ".PP\n" + roff_literal(page.about);
  if (!page.aliases.empty()) out += ".SH ALIASES\n" + roff(join(page.aliases, ", ")) + "\n";
  out += roff_options("COMMANDS", page.children) + roff_options("OPTIONS", page.options) + roff_options("GLOBAL OPTIONS", page.inherited);
  if (!page.examples.empty()) out += ".SH EXAMPLES\n" + roff_literal(page.examples);
  StringList related;
  if (!page.parent.empty()) related.push_back(page.parent);
  for (const ManualOption& child : page.children) related.push_back(child.head);
  if (page.parent.empty()) related.push_back("incus config\\-keys");
  if (related.empty()) return out;
  out += ".SH SEE ALSO\n";
  for (size_t i = 0; i < related.size(); ++i) {
    bool keys = related[i].ends_with("keys");
    out += std::format("\\fB{}({})\\fP{}\n", with_separator(related[i], '.'), keys ? 5 : 1, i + 1 < related.size() ? "," : "");
  }
  return out;
}

// md and rest: headings, literal blocks, links to the other pages.

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  for (const std::string& line : split(text, '\n')) out += (line.empty() ? "" : std::string(by)) + line + "\n";
  return out;
}

std::string option_lines(const std::vector<ManualOption>& options) {
  size_t width = 0;
  for (const ManualOption& option : options) width = std::max(width, option.head.size());
  std::string out;
  for (const ManualOption& option : options) out += std::format("  {:<{}}   {}\n", option.head, width, option.text);
  return out;
}

/// Literal sections every text format has, in order.
std::vector<ManualOption> sections_of(const ManualPage& page) {
  std::vector<ManualOption> sections{{"Synopsis", page.usage + "\n"}};
  if (!page.about.empty()) sections.push_back({"Description", page.about + "\n"});
  if (!page.aliases.empty()) sections.push_back({"Aliases", join(page.aliases, ", ") + "\n"});
  if (!page.examples.empty()) sections.push_back({"Examples", page.examples + "\n"});
  if (!page.options.empty()) sections.push_back({"Options", option_lines(page.options)});
  sections.push_back({"Global options", option_lines(page.inherited)});
  return sections;
}

std::string render_markdown(const ManualPage& page) {
  std::string out = std::format("## {}\n\n{}\n", page.command, page.summary);
  for (const ManualOption& section : sections_of(page)) out += std::format("\n### {}\n\n```\n{}```\n", section.head, section.text);
  auto link = [](const std::string& command, const std::string& text) { return std::format("* [{}]({}.md) - {}\n", command, with_separator(command, '_'), text); };
  if (!page.parent.empty() || !page.children.empty()) out += "\n### See also\n\n";
  if (!page.parent.empty()) out += link(page.parent, "the commands beside this one");
  for (const ManualOption& child : page.children) out += link(child.head, child.text);
  return out;
}

std::string render_rest(const ManualPage& page) {
  auto heading = [](const std::string& text, char line) { return std::format("{}\n{}\n\n", text, std::string(text.size(), line)); };
  std::string out = std::format(".. _{}:\n\n", with_separator(page.command, '_')) + heading(page.command, '-') + page.summary + "\n\n";
  for (const ManualOption& section : sections_of(page)) out += heading(section.head, '~') + "::\n\n" + indented(section.text, "  ") + "\n";
  auto link = [](const std::string& command, const std::string& text) { return std::format("* `{} <{}.rst>`_ - {}\n", command, with_separator(command, '_'), text); };
  if (!page.parent.empty() || !page.children.empty()) out += heading("See also", '~');
  if (!page.parent.empty()) out += link(page.parent, "the commands beside this one");
  for (const ManualOption& child : page.children) out += link(child.head, child.text);
  return out;
}

Json options_json(const std::vector<ManualOption>& options) {
  Json list = Json::array();
  for (const ManualOption& option : options) list.push_back({{"name", option.head}, {"usage", option.text}});
  return list;
}

std::string render_yaml(const ManualPage& page) {
  Json json{{"name", page.command}, {"synopsis", page.summary}, {"usage", page.usage}};
  if (!page.about.empty()) json["description"] = page.about;
  if (!page.aliases.empty()) json["aliases"] = join(page.aliases, ", ");
  if (!page.options.empty()) json["options"] = options_json(page.options);
  json["inherited_options"] = options_json(page.inherited);
  if (!page.examples.empty()) json["example"] = page.examples;
  Json related = Json::array();
  if (!page.parent.empty()) related.push_back(page.parent);
  for (const ManualOption& child : page.children) related.push_back(std::format("{} - {}", child.head, child.text));
  if (!related.empty()) json["see_also"] = related;
  return api::dump_yaml(json);
}

constexpr ManualFormat kFormats[] = {{"man", ".1", '.', render_man}, {"md", ".md", '_', render_markdown}, {"rest", ".rst", '_', render_rest}, {"yaml", ".yaml", '_', render_yaml}};

}  // namespace

const ManualFormat* find_manual_format(std::string_view name) {
  auto found = std::ranges::find(kFormats, name, &ManualFormat::name);
  return found == std::end(kFormats) ? nullptr : found;
}

}  // namespace cli
