#pragma once
// Its headers bring those of ICU where it was built with that, which contradict the ICU of Foundation. What is used here has none of it.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/xmlreader.h>
