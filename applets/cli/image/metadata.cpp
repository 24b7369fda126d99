// `incus image generate-metadata`: the metadata tarball of an image, from questions.
#include <fcntl.h>

#include <print>

#include "api/architecture.h"
#include "api/types/image.h"
#include "api/yaml.h"
#include "applets/cli/ask.h"
#include "applets/cli/image/transfer.h"
#include "archive/tar_writer.h"

namespace cli {
namespace {

/// Fills metadata from the answers. Errors: internal (standard input ended).
Result<api::ImageMetadata> ask_metadata() {
  api::ImageMetadata metadata;
  time_t now = time(nullptr);
  metadata.creation_date = now;
  StringMap& properties = metadata.properties;
  properties["os"] = TRY(ask_text("Operating system name: ", ""));
  properties["release"] = TRY(ask_text("Release name: ", ""));
  properties["variant"] = TRY(ask_text("Variant name [default=\"default\"]: ", "default"));
  properties["architecture"] = TRY(ask_text("Architecture name: ", "", [](const std::string& name) { return api::architecture_id(name).transform([](int) {}); }));
  metadata.architecture = api::architecture_name(TRY(api::architecture_id(properties["architecture"])));
  char date[16];
  tm fields;
  strftime(date, sizeof date, "%Y%m%d%H%M", gmtime_r(&now, &fields));
  std::string description = std::format("{} {} ({}) ({}) ({})", properties["os"], properties["release"], properties["variant"], properties["architecture"], date);
  properties["description"] = TRY(ask_text(std::format("Description [default=\"{}\"]: ", description), description));
  return metadata;
}

}  // namespace

Result<> generate_metadata(Call& call) { return ask_metadata_file(call.args[0].text); }

Result<> ask_metadata_file(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("open " + path);
  api::ImageMetadata metadata = TRY(ask_metadata());
  std::string text = api::dump_yaml(api::to_json(metadata));
  auto tar = TRY(archive::TarWriter::create(archive::sink_to_fd(fd.get()), TRY(archive::parse_compression("xz"))));
  archive::Entry entry;
  entry.path = "metadata.yaml";
  entry.mode = 0644;
  entry.size = static_cast<int64_t>(text.size());
  TRY(tar->add(entry, text));
  return tar->finish();
}

}  // namespace cli
