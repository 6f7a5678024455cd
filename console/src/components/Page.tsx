// A page: where it is, its title and actions, what is on it, and the commands that do the same.
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactElement, type ReactNode, useEffect } from "react";
import { Breadcrumbs, type Crumb } from "./Breadcrumbs";
import { CliCommands } from "./CliCommands";

interface PageProps {
  title: string;
  description?: ReactNode;
  /** The pages above this one. */
  trail?: Crumb[];
  actions?: ReactNode;
  /** Commands of the AWS CLI that do what the page does. */
  commands: string[];
  children: ReactNode;
}

export function Page({ title, description, trail = [], actions, commands, children }: PageProps): ReactElement {
  useEffect(() => {
    document.title = `${title} · Tollgate`;
  }, [title]);
  return (
    <ContentLayout
      breadcrumbs={trail.length > 0 ? <Breadcrumbs trail={[...trail, { text: title, to: "" }]} /> : undefined}
      header={
        <Header variant="h1" description={description} actions={actions}>
          {title}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {children}
        <CliCommands commands={commands} />
      </SpaceBetween>
    </ContentLayout>
  );
}
