// `incus image`: the table of its commands, and those that are more than a transfer.
#include <algorithm>
#include <print>

#include "applets/cli/editor.h"
#include "applets/cli/image/common.h"
#include "applets/cli/image/list.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/input.h"
#include "applets/cli/progress.h"
#include "applets/cli/verbs/columns.h"
#include "applets/cli/verbs/flags.h"
#include "applets/cli/wait.h"
#include "api/yaml.h"

namespace cli {
namespace {

Result<> remove(Call& call) {
  std::string failures;
  for (const Arg& arg : call.args[0].parts) {
    auto image = image_target(call, arg, false);
    auto deleted = image ? run_request(call, image->server, http::Method::delete_, image->path()) : std::unexpected(image.error());
    if (!deleted) failures += (failures.empty() ? "" : "\n") + deleted.error().message();
  }
  if (!failures.empty()) return Failure(Error(Code::internal, failures));
  return {};
}

Result<> edit(Call& call) {
  ImageTarget image = TRY(image_target(call, call.args[0], false));
  std::string etag, text;
  if (stdin_is_terminal()) {
    auto reply = TRY(image.server.get(call.ctx, image.path()));
    etag = reply.etag;
    text = editor_text(kImageNoun.edit_help, TRY(retyped<api::ImagePut>(reply.metadata)));
  }
  return edit_until(text, [&](const std::string& document) -> Result<> {
    Json given = TRY(api::parse_yaml(document));
    Json put = TRY(retyped<api::ImagePut>(given));
    // Without profiles named the server takes its default; an empty list would mean none at all.
    if (!given.is_object() || !given.contains("profiles") || given["profiles"].is_null()) put["profiles"] = nullptr;
    TRY(image.server.query(call.ctx, http::Method::put, image.path(), api::dump_json(put), etag));
    return {};
  });
}

Result<> show(Call& call) {
  ImageTarget image = TRY(image_target(call, call.args[0], true));
  auto reply = TRY(image.server.get(call.ctx, image.path()));
  std::print("{}", api::dump_yaml(TRY(retyped<api::ImagePut>(reply.metadata))));
  return {};
}

Result<> refresh(Call& call) {
  for (const Arg& arg : call.args[0].parts) {
    ImageTarget image = TRY(image_target(call, arg, false));
    Progress progress("Refreshing the image: {}", call.quiet());
    auto operation = TRY(run_request(call, image.server, http::Method::post, image.path() + "/refresh", "{}", "", &progress));
    bool refreshed = operation && operation->metadata.is_object() && operation->metadata.value("refreshed", false);
    progress.done(refreshed ? "Image refreshed successfully!" : "Image already up to date.");
  }
  return {};
}

Result<> get_property(Call& call) {
  ImageTarget image = TRY(image_target(call, call.args[0], true));
  auto reply = TRY(image.server.get(call.ctx, image.path()));
  const Json& properties = reply.metadata["properties"];
  if (!properties.contains(call.args[1].text)) return fail(Code::not_found, "Property not found");
  std::println("{}", properties.value(call.args[1].text, ""));
  return {};
}

Result<> change_properties(Call& call, const std::function<Result<>(Json& properties)>& change) {
  ImageTarget image = TRY(image_target(call, call.args[0], false));
  return update_object(call, image.server, image.path(), kImageNoun, [&](Json& writable) { return change(writable["properties"]); });
}

Result<> set_property(Call& call) {
  StringMap pairs = TRY(read_pairs(call.args[1]));
  return change_properties(call, [&](Json& properties) -> Result<> {
    for (const auto& [key, value] : pairs) properties[key] = value;
    return {};
  });
}

Result<> unset_property(Call& call) {
  return change_properties(call, [&](Json& properties) -> Result<> {
    for (const std::string& key : call.args[1].texts()) {
      properties.erase(key);
    }
    return {};
  });
}

std::string alias_path(const std::string& name) { return "/1.0/images/aliases/" + url_escape(name); }

Result<> create_alias(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  Json body{{"name", call.args[0].object().text}, {"target", call.args[1].text}, {"description", call.flags.text("description")}, {"type", ""}};
  TRY(server.query(call.ctx, http::Method::post, "/1.0/images/aliases", api::dump_json(body)));
  return {};
}

Result<> delete_alias(Call& call) {
  for (const Arg& arg : call.args[0].parts) {
    client::Server server = TRY(call.server(arg));
    TRY(server.query(call.ctx, http::Method::delete_, alias_path(arg.object().text)));
  }
  return {};
}

Result<> rename_alias(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  TRY(server.query(call.ctx, http::Method::post, alias_path(call.args[0].object().text), api::dump_json(Json{{"name", call.args[1].text}})));
  return {};
}

constexpr Flag kVm[] = {{"vm", FlagKind::boolean, "The virtual machine image of that name"}};
constexpr Flag kImportFlags[] = {{"alias", FlagKind::list, "Alias for the image (repeatable)"},
                                 {"public", FlagKind::boolean, "Let anybody use it"},
                                 {"reuse", FlagKind::boolean, "Take the alias over, and delete the image that had it"}};
constexpr Flag kCopyFlags[] = {{"alias", FlagKind::list, "Alias for the copy (repeatable)"},
                               {"auto-update", FlagKind::boolean, "Follow the source's updates"},
                               {"copy-aliases", FlagKind::boolean, "Also take the source's aliases"},
                               {"mode", FlagKind::text, "Transfer mode: pull, push or relay", "pull"},
                               {"profile|p", FlagKind::list, "Profile of the image (repeatable)"},
                               {"public", FlagKind::boolean, "Let anybody use it"},
                               {"reuse", FlagKind::boolean, "Take over aliases that exist"},
                               {"target-project", FlagKind::text, "Project of the copy"},
                               {"vm", FlagKind::boolean, "The virtual machine image of that name"}};
constexpr Flag kListFlags[] = {{"all-projects", FlagKind::boolean, "From all projects"}, columns_flag("lfpdatsu"), kFormatFlag};
constexpr Flag kAliasListFlags[] = {columns_flag("aftd"), kFormatFlag};
constexpr std::string_view kOne = "[<remote>:]<image>";

constexpr Command kImageCommands[] = {
    {.path = "image", .summary = "Manage images", 
     .about = "Instances are made from images: files that hold a root file system and what is to know about it.\nAn image is named by an alias or by the start of its fingerprint (the SHA-256 of its content).",
     .options = kGroup},
    {.path = "image alias", .summary = "Manage image aliases", .options = kGroup},
    {.path = "image alias create", .usage = "[<remote>:]<new alias name> <fingerprint>", .summary = "Name an image", .run = create_alias,
     .flags = kDescriptionFlags, .aliases = "add"},
    {.path = "image alias delete", .usage = "[<remote>:]<alias>...", .summary = "Drop image aliases", .run = delete_alias, .aliases = "rm,remove"},
    {.path = "image alias list", .usage = "[<remote>:] [<filter>...]", .summary = "List image aliases", .run = list_image_aliases,
     .flags = kAliasListFlags, .aliases = "ls",
     .about = "Columns:\n  a - Alias\n  f - Fingerprint\n  t - Type\n  d - Description\n\nFilters are parts of aliases or starts of fingerprints."},
    {.path = "image alias rename", .usage = "[<remote>:]<alias> <new alias name>", .summary = "Rename an image alias", .run = rename_alias, .aliases = "mv"},
    {.path = "image copy", .usage = "[<remote>:]<image> [<remote>:]", .summary = "Copy an image to another server or project", .run = copy_image,
     .flags = kCopyFlags, .aliases = "cp"},
    {.path = "image delete", .usage = "[<remote>:]<image>...", .summary = "Delete images", .run = remove, .aliases = "rm,remove"},
    {.path = "image edit", .usage = kOne, .summary = "Edit an image's properties", .run = edit},
    {.path = "image export", .usage = "[<remote>:]<image> [<target file>]", .summary = "Write an image to files", .run = export_image, .flags = kVm},
    {.path = "image generate-metadata", .usage = "<target path>", .summary = "Make a metadata tarball", .run = generate_metadata,
     .about = "Asks for operating system, release, variant, architecture and description, and writes a tarball (xz) that `incus image import`\n"
              "takes beside a qcow2 or squashfs file."},
    {.path = "image get-property", .usage = "[<remote>:]<image> <key>", .summary = "Print one property of an image", .run = get_property},
    {.path = "image import", .usage = "(<tarball>|<directory>|<URL>) [<rootfs tarball>] [<remote>:] [<key>=<value>...]",
     .summary = "Take an image into the store", .run = import_image, .flags = kImportFlags,
     .about = "The image is one tarball, a metadata tarball and a root file system, a folder with metadata.yaml and rootfs/ (as root),\nor an https URL that serves one.",
     .options = kRightToLeft | kStrictPairs},
    {.path = "image info", .usage = kOne, .summary = "Show what is known about an image", .run = show_image_info, .flags = kVm},
    {.path = "image list", .usage = "[<remote>:] [<filter>...]", .summary = "List images", .run = list_images, .flags = kListFlags, .aliases = "ls",
     .about = "Filters: key=value for members and properties (values are regular expressions), or parts of aliases and fingerprints.\n\nColumns:\n"
              "  l - Shortest alias (and how many more)  L - All aliases\n  f - Fingerprint (short)                 F - Fingerprint (long)\n"
              "  p - Public                              d - Description\n  e - Project                             a - Architecture\n"
              "  s - Size                                u - Upload date\n  t - Type                                properties:KEY - A property"},
    {.path = "image refresh", .usage = "[<remote>:]<image>...", .summary = "Look for newer versions now", .run = refresh},
    {.path = "image set-property", .usage = "[<remote>:]<image> <key>=<value>...", .summary = "Set properties of an image", .run = set_property},
    {.path = "image show", .usage = kOne, .summary = "Show an image's properties", .run = show, .flags = kVm},
    {.path = "image unset-property", .usage = "[<remote>:]<image> <key>...", .summary = "Remove properties of an image", .run = unset_property},
};

}  // namespace

extern const CommandTable image_commands = kImageCommands;

}  // namespace cli
