#include "csv_format.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "csv_decimal.h"
#include "csv_values.h"
#include "kernels.h"

namespace dqm {
namespace {

constexpr char kDelimiters[] = {',', ';', '\t', '|'};

// What all sampled values of a column are.
struct Evidence {
  bool any = false;
  bool integer = true, floating = true, boolean = true, date = true, timestamp = true;
  bool zoned = false, unzoned = false;  // of the timestamps
  bool doubtful = true;
};

// A number written 007 is an identifier.
bool has_leading_zero(const char* begin, const char* end) {
  const char* p = begin + (begin != end && *begin == '-');
  return end - p >= 2 && p[0] == '0' && p[1] >= '0' && p[1] <= '9';
}

// Rules out what the value is not. Of a kind that is left, all values so far were.
void weigh(const char* begin, const char* end, Evidence& evidence) {
  int64_t integer;
  double floating;
  bool boolean;
  int32_t date;
  KnownDate known;
  evidence.any = true;
  if (evidence.floating && !has_leading_zero(begin, end)) {
    evidence.integer = evidence.integer && parse_integer(begin, end, integer);
    if (evidence.integer || parse_double(begin, end, floating)) {
      evidence.boolean = evidence.date = evidence.timestamp = false;
      return;
    }
  }
  evidence.integer = evidence.floating = false;
  evidence.boolean = evidence.boolean && parse_boolean(begin, end, boolean);
  evidence.date = evidence.date && parse_date(begin, end, date);
  CsvTime time;
  evidence.timestamp = evidence.timestamp && parse_timestamp(begin, end, known, time);
  (time.zoned ? evidence.zoned : evidence.unzoned) |= evidence.timestamp;
  if (!evidence.boolean && !evidence.timestamp && evidence.doubtful) {
    evidence.doubtful = may_mean_more_than_text(std::string_view(begin, static_cast<size_t>(end - begin)));
  }
}

// The same of some rows' fields that are not empty; most numbers are told by their shape.
void weigh(const FieldSpans& fields, int rows, Evidence& evidence) {
  uint64_t numbers[kFieldRows];
  uint8_t shapes[kFieldRows];
  const bool shaped = evidence.floating;
  if (shaped) kernels().decimals(fields.text, fields.separators, fields.stride, rows, numbers, shapes);
  for (int i = 0; i < rows; ++i) {
    if (fields.start(i) == fields.stop(i)) continue;
    const char* begin = fields.begin(i);
    const char* end = fields.end(i);
    if (!shaped || !evidence.floating || (shapes[i] & kShapeOdd) != 0 || has_leading_zero(begin, end)) {
      weigh(begin, end, evidence);
      continue;
    }
    evidence.any = true;
    evidence.integer = evidence.integer && (shapes[i] & kShapePoint) == 0;
    evidence.boolean = evidence.date = evidence.timestamp = false;
  }
}

CsvType decide(const Evidence& evidence) {
  if (!evidence.any) return CsvType::text;
  if (evidence.integer) return CsvType::integer;
  if (evidence.floating) return CsvType::floating;
  if (evidence.boolean) return CsvType::boolean;
  if (evidence.date) return CsvType::date;
  if (evidence.timestamp && evidence.zoned && evidence.unzoned) throw CsvUnsupported{kMixedZones};
  if (evidence.timestamp) return evidence.zoned ? CsvType::zoned_timestamp : CsvType::timestamp;
  if (evidence.doubtful) throw CsvUnsupported{"a column's values are in a notation of numbers or times not read here"};
  return CsvType::text;
}

int64_t count_fields(const CsvBytes& head, char delimiter) {
  int64_t fields = 1;
  bool quoted = false;
  for (int64_t i = 0; i < head.size && (quoted || head.data[i] != '\n'); ++i) {
    if (head.data[i] == '"') quoted = !quoted;
    if (!quoted && head.data[i] == delimiter) ++fields;
  }
  return fields;
}

// Where the fields are by the one delimiter that cuts all rows into the same number of them, at least two.
std::unique_ptr<CsvFields> find_fields(const CsvBytes& head, CsvFormat& format, size_t& columns) {
  std::unique_ptr<CsvFields> found;
  for (const char delimiter : kDelimiters) {
    const int64_t fields = count_fields(head, delimiter);
    if (fields < 2) continue;
    try {
      auto rows = std::make_unique<CsvFields>(head, delimiter, static_cast<size_t>(fields));
      if (found) throw CsvUnsupported{"more than one delimiter is possible"};
      found = std::move(rows);
      format.delimiter = delimiter;
      columns = static_cast<size_t>(fields);
    } catch (const CsvUnsupported&) {
      if (found || delimiter == ',') throw;
    }
  }
  if (!found) throw CsvUnsupported{"no delimiter gives rows of two fields or more"};
  return found;
}

std::vector<std::string> read_names(const CsvFields& fields, size_t columns) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (size_t column = 0; column < columns; ++column) {
    const char* begin;
    const char* end;
    fields.field(0, column, begin, end);
    const std::string name(begin, end);
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool plain = !name.empty() && name.front() != ' ' && name.back() != ' ' && name.find('"') == std::string::npos;
    if (!plain || !seen.insert(lower).second) throw CsvUnsupported{"the header has empty, padded or repeated names"};
    names.push_back(name);
  }
  return names;
}

void refuse_odd_bytes(const CsvBytes& head) {
  const std::string_view text(head.data.get(), static_cast<size_t>(head.size));
  if (text.find('\0') != std::string_view::npos) throw CsvUnsupported{"it has NUL bytes"};
  if (text.find("\n#") != std::string_view::npos || (!text.empty() && text[0] == '#')) {
    throw CsvUnsupported{"it may have comments"};
  }
  for (size_t at = text.find('\''); at != std::string_view::npos; at = text.find('\'', at + 1)) {
    const char before = at == 0 ? '\n' : text[at - 1];
    if (before == '\n' || std::find(std::begin(kDelimiters), std::end(kDelimiters), before) != std::end(kDelimiters)) {
      throw CsvUnsupported{"it may have other quotes"};
    }
  }
  if (text.find("\\\"") != std::string_view::npos) throw CsvUnsupported{"it may have other escapes"};
}

}  // namespace

CsvFormat detect_format(const CsvBytes& head, int64_t& data_start) {
  refuse_odd_bytes(head);
  CsvFormat format;
  size_t columns = 0;
  const std::unique_ptr<CsvFields> found = find_fields(head, format, columns);
  const CsvFields& fields = *found;
  if (fields.rows() < 2) throw CsvUnsupported{"it has no rows below a header"};
  format.names = read_names(fields, columns);
  bool header = false;
  const int64_t rows = std::min(fields.rows(), kSampleRows);
  for (size_t column = 0; column < columns; ++column) {
    Evidence evidence;
    const char* begin;
    const char* end;
    uint32_t copies[2 * kFieldRows];
    for (int64_t row = 1; row < rows; row += kFieldRows) {
      const int some = static_cast<int>(std::min<int64_t>(kFieldRows, rows - row));
      weigh(fields.spans(row, some, column, copies), some, evidence);
    }
    format.types.push_back(decide(evidence));
    Evidence with_first = evidence;
    fields.field(0, column, begin, end);
    weigh(begin, end, with_first);
    const bool typed = evidence.any && (evidence.floating || evidence.boolean || evidence.timestamp);
    header = header || (typed && !with_first.floating && !with_first.boolean && !with_first.timestamp);
  }
  if (!header) throw CsvUnsupported{"whether it has a header is not beyond doubt"};
  const char* begin;
  const char* end;
  fields.field(1, 0, begin, end);
  data_start = begin - head.data.get() - (begin > head.data.get() && begin[-1] == '"' ? 1 : 0);
  return format;
}

CsvType wider(CsvType type) {
  switch (type) {
    case CsvType::integer: return CsvType::floating;
    case CsvType::date: return CsvType::timestamp;
    default: return CsvType::text;
  }
}

}  // namespace dqm
