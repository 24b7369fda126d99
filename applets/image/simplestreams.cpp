// incus-simplestreams: keeps the folder of an image server (streams/v1/ and images/ below the current folder).
#include "applets/image/stream_tree.h"
#include "applets/image/stream_verbs.h"
#include "applets/cli/image/transfer.h"
#include "applets/cli/table.h"

namespace streams {
namespace {

using cli::Flag;
using cli::FlagKind;

Result<> generate_metadata(tools::Call& call) { return cli::ask_metadata_file(call.words[0]); }

Result<> list(tools::Call& call) {
  TRY(cli::check_format(call.flags.text("format")));
  auto catalog = imagefmt::make_catalog(TRY(imagefmt::parse_stream_products(api::dump(TRY(need_products())))));
  cli::Table table{{"FINGERPRINT", "DESCRIPTION", "OS", "RELEASE", "VARIANT", "ARCHITECTURE", "TYPE", "CREATED"}, {}};
  Json raw = Json::array();
  for (const auto& item : catalog.images) {
    const api::Image& image = item.image;
    auto property = [&](const char* key) { return get_or(image.properties, key); };
    table.rows.push_back({image.fingerprint, property("description"), property("os"), property("release"), property("variant"), image.architecture, image.type,
                          image.created_at.format("%Y/%m/%d %H:%M UTC")});
    raw.push_back(api::to_json(image));
  }
  cli::sort_rows(table.rows);
  return cli::print_table(call.flags.text("format"), table, raw);
}

Result<> verify_item(const imagefmt::StreamItem& item) {
  UniqueFd fd = TRY(open_item(item.path));
  Digest digest = TRY(digest_file(fd.get()));
  if (digest.size != item.size) return fail(Code::invalid, "File {} has a different size than listed in the index", quote(item.path));
  if (digest.sha256 != item.sha256) return fail(Code::invalid, "File {} has a different SHA256 hash than listed in the index", quote(item.path));
  return {};
}

Result<> verify(tools::Call&) {
  auto products = TRY(load_products());
  for (const auto& [name, product] : products.products) {
    for (const auto& [serial, version] : product.versions) {
      for (const auto& [key, item] : version.items) TRY(verify_item(item));
    }
  }
  return {};
}

constexpr Flag kAddFlags[] = {{"alias", FlagKind::list, "Name the image (repeatable)"},
                              {"no-default-alias", FlagKind::boolean, "Without the name OS/RELEASE/VARIANT"},
                              {"product-name", FlagKind::text, "Name of the product, instead of OS:RELEASE:VARIANT:ARCHITECTURE"}};
constexpr Flag kVerboseFlag[] = {{"verbose|v", FlagKind::boolean, "Say what is done"}};
constexpr Flag kListFlags[] = {cli::kFormatFlag};
constexpr Flag kPruneFlags[] = {{"dry-run|d", FlagKind::boolean, "Only say what would be done"},
                                {"retention|r", FlagKind::number, "How many older versions of each product stay", "2"},
                                {"verbose|v", FlagKind::boolean, "Say what is done"}};

constexpr tools::Verb kVerbs[] = {
    {.name = "add", .usage = "<metadata tarball> [<data file>]", .summary = "Add an image", .run = add, .least = 1, .most = 2, .flags = kAddFlags, .aliases = "import",
     .about = "One file is a unified image. Two are the metadata and the root: squashfs, tar.xz or qcow2.\n"
              "metadata.yaml must have architecture, creation_date and the properties os, release, variant,\narchitecture and description."},
    {.name = "generate-metadata", .usage = "<path>", .summary = "Generate a metadata tarball", .run = generate_metadata, .least = 1, .most = 1,
     .about = "Asks what the image is and writes an incus.tar.xz that goes beside a qcow2 or squashfs file."},
    {.name = "list", .summary = "List all images on the server", .run = list, .flags = kListFlags, .aliases = ""},
    {.name = "prune", .summary = "Clean up obsolete files and data", .run = prune, .flags = kPruneFlags,
     .about = "Forgets entries whose files are gone and versions that are too old, and deletes the files below images/\nthat the index doesn't name then."},
    {.name = "remove", .usage = "<fingerprint>", .summary = "Remove an image", .run = remove, .least = 1, .most = 1, .flags = kVerboseFlag, .aliases = "rm,delete"},
    {.name = "verify", .summary = "Verify the integrity of the server", .run = verify, .about = "Compares every file with the size and the SHA-256 that the index has."},
};

constexpr tools::Tool kTool = {.name = "incus-simplestreams", .summary = "Maintain an Incus-compatible simplestreams tree",
                               .about = "The current folder is the server's: any web server can serve it.", .verbs = kVerbs};

int run(const Args& args) { return tools::run_tool(kTool, args); }

}  // namespace
}  // namespace streams

extern const Applet incus_simplestreams_applet;
const Applet incus_simplestreams_applet = {.name = "incus-simplestreams", .flags = kPlain, .summary = "Maintains the files of an image server", .run = streams::run};
