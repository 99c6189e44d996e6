import { endpoints } from '@reeve/sdk'
import { implement, implementBytes, implementEvents, type Route, signedIn } from '../http/implement.ts'
import { findExample, listExamples } from './examples.ts'
import { keepFile, readFile } from './files.ts'
import { presentTemplate } from './present.ts'
import type { Room } from './room.ts'
import {
  changeAcl,
  changeTemplate,
  createTemplate,
  listTemplates,
  promoteVersion,
  readableTemplate,
  readAcl,
  removeTemplate,
  templateByName,
} from './templates.ts'
import {
  archiveVersion,
  archiveVersions,
  cancelImport,
  followVersionLog,
  foundIn,
  listVersions,
  presentOne,
  pushVersion,
  readableVersion,
  renameVersion,
  versionByName,
  versionFiles,
  versionLog,
} from './versions.ts'

export const templateRoutes = (room: Room): Route[] => [
  implement(endpoints.uploadFile, ({ body }, scope) => keepFile(room, scope, body)),
  implementBytes(endpoints.downloadFile, ({ params }, scope) => readFile(room, scope, params.file)),
  ...routesOfTemplates(room),
  ...routesOfVersions(room),
  ...routesOfFindings(room),
]

const routesOfTemplates = (room: Room): Route[] => [
  implement(endpoints.listTemplates, (_, scope) => listTemplates(room, signedIn(scope), null)),
  implement(endpoints.listTemplateExamples, () => listExamples()),
  implement(endpoints.getTemplateExample, ({ params }) => findExample(params.example)),
  implement(endpoints.listOrganizationTemplates, async ({ params }, scope) => {
    const { id } = await room.organizationOf(signedIn(scope), params.organization, 'organization:read')
    return listTemplates(room, signedIn(scope), id)
  }),
  implement(endpoints.createTemplate, ({ params, body }, scope) =>
    createTemplate(room, scope, params.organization, body),
  ),
  implement(endpoints.getTemplate, async ({ params }, scope) =>
    presentTemplate(await readableTemplate(room, signedIn(scope), params.template)),
  ),
  implement(endpoints.getTemplateByName, ({ params }, scope) =>
    templateByName(room, signedIn(scope), params.organization, params.name),
  ),
  implement(endpoints.updateTemplate, ({ params, body }, scope) => changeTemplate(room, scope, params.template, body)),
  implement(endpoints.deleteTemplate, ({ params }, scope) => removeTemplate(room, scope, params.template)),
  implement(endpoints.promoteTemplateVersion, ({ params, body }, scope) =>
    promoteVersion(room, scope, params.template, body.id),
  ),
  implement(endpoints.archiveTemplateVersions, async ({ params, body }, scope) => ({
    template_id: params.template,
    archived_ids: await archiveVersions(room, scope, params.template, body.all),
  })),
  implement(endpoints.getTemplateAcl, ({ params }, scope) => readAcl(room, signedIn(scope), params.template)),
  implement(endpoints.updateTemplateAcl, ({ params, body }, scope) => changeAcl(room, scope, params.template, body)),
]

const routesOfVersions = (room: Room): Route[] => [
  implement(endpoints.createTemplateVersion, ({ params, body }, scope) =>
    pushVersion(room, scope, params.organization, body),
  ),
  implement(endpoints.listTemplateVersions, ({ params, query }, scope) =>
    listVersions(room, signedIn(scope), params.template, query),
  ),
  implement(endpoints.getTemplateVersionByName, ({ params }, scope) =>
    versionByName(room, signedIn(scope), params.template, params.name),
  ),
  implement(endpoints.getTemplateVersion, async ({ params }, scope) =>
    presentOne(room, await readableVersion(room, signedIn(scope), params.version)),
  ),
  implement(endpoints.updateTemplateVersion, ({ params, body }, scope) =>
    renameVersion(room, scope, params.version, body),
  ),
  implement(endpoints.cancelTemplateVersion, ({ params }, scope) => cancelImport(room, scope, params.version)),
  implement(endpoints.archiveTemplateVersion, ({ params }, scope) => archiveVersion(room, scope, params.version, true)),
  implement(endpoints.unarchiveTemplateVersion, ({ params }, scope) =>
    archiveVersion(room, scope, params.version, false),
  ),
]

/** What the import of a version found and said. */
const routesOfFindings = (room: Room): Route[] => [
  implement(endpoints.listTemplateVersionParameters, async ({ params }, scope) => [
    ...(await foundIn(room, signedIn(scope), params.version)).parameters,
  ]),
  implement(endpoints.listTemplateVersionVariables, async ({ params }, scope) => [
    ...(await foundIn(room, signedIn(scope), params.version)).variables,
  ]),
  implement(endpoints.listTemplateVersionPresets, async ({ params }, scope) => [
    ...(await foundIn(room, signedIn(scope), params.version)).presets,
  ]),
  implement(endpoints.listTemplateVersionExternalAuth, async ({ params }, scope) => [
    ...(await foundIn(room, signedIn(scope), params.version)).externalAuth,
  ]),
  implement(endpoints.listTemplateVersionResources, async ({ params }, scope) => [
    ...(await foundIn(room, signedIn(scope), params.version)).resources,
  ]),
  implement(endpoints.listTemplateVersionFiles, ({ params }, scope) =>
    versionFiles(room, signedIn(scope), params.version),
  ),
  implement(endpoints.listTemplateVersionLogs, ({ params, query }, scope) =>
    versionLog(room, signedIn(scope), params.version, query),
  ),
  implementEvents(endpoints.followTemplateVersionLogs, ({ params, query }, scope) =>
    followVersionLog(room, scope, params.version, query.after ?? 0),
  ),
]
