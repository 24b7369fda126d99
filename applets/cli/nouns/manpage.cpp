// `incus manpage`: pages for every command, and one for all config keys.
#include "applets/cli/call.h"
#include "applets/cli/manual.h"
#include "applets/cli/tree.h"

namespace cli {
namespace {

Result<> write_pages(const Command& command, const ManualFormat& format, const std::string& folder, bool all) {
  std::string name = command_line_of(command);
  for (char& c : name) c = c == ' ' ? format.separator : c;
  TRY(write_file_atomic(folder + "/" + name + std::string(format.ending), format.render(manual_page(command, all)), 0644));
  for (const Command* child : children_of(command)) {
    if (all || !(child->options & kHiddenCommand)) TRY(write_pages(*child, format, folder, all));
  }
  return {};
}

Result<> run_manpage(Call& call) {
  const ManualFormat* format = find_manual_format(call.flags.text("format"));
  if (!format) return fail(Code::invalid, "Invalid value {} for flag \"--format\"", quote(call.flags.text("format")));
  const std::string& folder = call.args[0].text;
  TRY(write_pages(root_command(), *format, folder, call.flags.on("all")));
  if (format->name == "man") return write_file_atomic(folder + "/incus.config-keys.5", key_manual_man(), 0644);
  if (format->name == "md") return write_file_atomic(folder + "/incus_config-keys.md", key_manual_markdown(), 0644);
  return {};
}

constexpr Flag kFlags[] = {{"all|a", FlagKind::boolean, "Rarely used commands too"}, {"format|f", FlagKind::text, "man, md, rest or yaml", "man"}};
constexpr Command kCommands[] = {
    {.path = "manpage", .usage = "<target directory>", .summary = "Write manual pages of all commands", .run = run_manpage, .flags = kFlags, .options = kHiddenCommand},
};

}  // namespace

extern const CommandTable manpage_commands = kCommands;

}  // namespace cli
