// forkconvert QEMU-IMG BYTES ARGS...: runs that program with ARGS and two more, the source (descriptor 3) and the target (descriptor 4), in a cell
// (cell.h) in which the target has BYTES bytes at most.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "applets/applet.h"
#include "applets/helpers/cell.h"
#include "base/strings.h"

namespace {

constexpr cell::CellFile kFiles[] = {{3, "/source"}, {4, "/target", true}};

int run_forkconvert(const Args& args) {
  auto most = args.size() > 2 ? parse_int(args[1]) : std::nullopt;
  if (!most || *most <= 0) return 2;
  if (auto confined = cell::enter_cell(kFiles, *most); !confined) {
    dprintf(STDERR_FILENO, "cannot confine the converter: %s\n", confined.error().message().c_str());
    return 125;
  }
  close_range(3, ~0U, 0);
  std::vector<char*> argv{const_cast<char*>("qemu-img")};
  for (size_t i = 2; i < args.size(); ++i) argv.push_back(const_cast<char*>(args[i].c_str()));
  for (const cell::CellFile& file : kFiles) argv.push_back(const_cast<char*>(file.path));
  argv.push_back(nullptr);
  execv(args[0].c_str(), argv.data());
  dprintf(STDERR_FILENO, "cannot run %s: %s\n", args[0].c_str(), strerror(errno));
  return 126;
}

}  // namespace

extern const Applet forkconvert_applet;
const Applet forkconvert_applet = {.name = "forkconvert", .flags = kHidden | kEarly, .summary = "Convert a disk with qemu-img in a sandbox", .run = run_forkconvert};
