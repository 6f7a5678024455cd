// A table of keys, paged and searched by the server.
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import type { ReactElement, ReactNode } from "react";
import { ErrorAlert } from "./ErrorAlert";
import { type Column, minWidth } from "./ListTable";
import type { PagedKeys } from "./usePagedKeys";

interface KeyTableProps<T extends { id: string; name?: string }> {
  title: string;
  keys: PagedKeys<T>;
  columns: Column<T>[];
  search: string;
  onSearch: (search: string) => void;
  selected: T[];
  onSelect: (keys: T[]) => void;
  actions?: ReactNode;
  description?: ReactNode;
  empty: ReactNode;
}

export function KeyTable<T extends { id: string; name?: string }>(props: KeyTableProps<T>): ReactElement {
  const { title, keys, columns, search, onSearch, selected, onSelect, actions, description, empty } = props;
  return (
    <Table
      items={keys.items ?? []}
      trackBy="id"
      loading={keys.items === undefined && keys.error === null}
      loadingText="Loading"
      wrapLines
      selectionType="multi"
      selectedItems={selected}
      onSelectionChange={({ detail }) => onSelect(detail.selectedItems)}
      columnDefinitions={columns.map(({ id, header, cell, wide }) => ({ id, header, cell, minWidth: minWidth(wide) }))}
      header={
        <Header
          variant="h2"
          actions={actions}
          description={description}
          counter={selected.length > 0 ? `(${selected.length} selected)` : undefined}
        >
          {title}
        </Header>
      }
      filter={
        <TextFilter
          filteringText={search}
          filteringPlaceholder="Search by the beginning of a name"
          filteringAriaLabel={`Search ${title}`}
          onChange={({ detail }) => onSearch(detail.filteringText)}
        />
      }
      pagination={
        <Pagination
          currentPageIndex={keys.pageIndex}
          pagesCount={keys.pagesSeen}
          openEnd={keys.more}
          onChange={({ detail }) => keys.goTo(detail.currentPageIndex)}
        />
      }
      empty={
        keys.error ? (
          <ErrorAlert error={keys.error} />
        ) : (
          <Box textAlign="center" color="inherit" padding="m">
            {search === "" ? empty : `No key's name begins with "${search}".`}
          </Box>
        )
      }
      ariaLabels={{
        tableLabel: title,
        selectionGroupLabel: `Select ${title}`,
        allItemsSelectionLabel: () => "Select all of this page",
        itemSelectionLabel: (_, key) => `Select ${key.name ?? key.id}`,
      }}
    />
  );
}
