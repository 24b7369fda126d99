// Definition files of images, in the form that distrobuilder reads: what to build, from where, and what to do with it.
#pragma once
#include <string>
#include <vector>

#include "api/json.h"
#include "api/types/image.h"
#include "base/context.h"
#include "base/strings.h"

namespace builder {

/// Which builds a part of the file is for. An empty list: all.
struct Filter {
  StringList releases, architectures, variants, types;
};

struct FileRule : Filter {
  std::string generator, path, content, source, name, mode, uid, gid;
  bool templated = false;  ///< of `dump`: the content is a template
  bool rendered = false;   ///< path, content and source are
  StringMap properties;  ///< of the image template that is made
  StringList when;
};

struct Action : Filter {
  std::string trigger, script;
  bool templated = false;
};

struct PackageSet : Filter {
  StringList packages, flags;
  bool install = true;
  bool early = false;  ///< together with the source, where that is made of packages
};

struct Repository : Filter {
  std::string name, url, type, key;
};

struct Definition {
  StringMap image;   ///< name, description, distribution, release, architecture, variant, expiry, serial
  StringMap source;  ///< downloader, url, suite, variant, checksum, same_as
  StringList components;
  std::string architecture_mapped;
  std::string manager;
  StringMap custom_manager;  ///< commands of a manager that the file describes itself, for a shell: refresh, update, install, remove, clean
  bool update = false, cleanup = false;
  std::vector<PackageSet> sets;
  std::vector<Repository> repositories;
  std::vector<FileRule> files;
  std::vector<Action> actions;
  StringMap environment;
  bool machine = false;      ///< this build is for virtual machines
  StringMap machine_target;  ///< size
  int64_t time = 0;  ///< seconds since 1970: SOURCE_DATE_EPOCH, or now

  /// Does `part` concern this build?
  bool wants(const Filter& part) const;
  /// The variables of templates in the file: image, source.
  Json variables() const;
  Result<std::string> render(const std::string& text) const;
  /// The image's metadata but for its templates.
  Result<api::ImageMetadata> metadata() const;
};

/// The word as the shell of a root takes it, whatever is in it.
std::string shell_quoted(std::string_view word);

/// Reads the file. `options`: "image.release=trixie" and so on, which win. Parts that can't be right are errors here, not in the middle of a build.
/// Errors: invalid, naming the part.
Result<Definition> parse_definition(std::string_view yaml, const StringList& options, bool machine = false);

}  // namespace builder
