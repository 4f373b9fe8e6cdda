; The set-up program of Windows: for this user, without an administrator (NSIS 3.08 or newer). Called by windows.py:
;   makensis -WX -DVERSION=… -DTREE=… -DICON=… -DOUT=… [-DSIGN=…] deskbell.nsi
; Switches of the set-up program: /S silent, /D=FOLDER. Exit status 0 done, 1 cancelled, 2 refused, 5 Deskbell is running,
; 6 a newer version is installed.
!ifdef TARGET_AMD64
  Target amd64-unicode ; only for proving it under a Wine without 32 bits; the 32-bit one runs on every Windows
!else
  Unicode true
!endif
ManifestDPIAware true
SetCompressor /SOLID lzma
RequestExecutionLevel user

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WordFunc.nsh
!include x64.nsh
!insertmacro VersionCompare

!define NAME "Deskbell"
!define PROGRAM "deskbell.exe"
!define CONSOLE "deskbell-cli.exe"
!define APP_ID "app.deskbell.Deskbell"
!define REMOVAL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${APP_ID}"
!define BACKUP "Deskbell.Backup"
!define LINK "Deskbell.Link"

Name "${NAME}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "Software\${NAME}" "InstallDir"
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey ProductName "${NAME}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "${NAME} set-up"
VIAddVersionKey CompanyName "Deskbell contributors"
VIAddVersionKey LegalCopyright "Deskbell contributors, MIT licence"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"

LangString NEEDS_64 ${LANG_ENGLISH} "${NAME} needs a 64-bit Windows."
LangString NEEDS_64 ${LANG_GERMAN} "${NAME} braucht ein Windows mit 64 Bit."
LangString IS_RUNNING ${LANG_ENGLISH} "${NAME} is running, perhaps only in the background. Quit it, then choose Retry."
LangString IS_RUNNING ${LANG_GERMAN} "${NAME} läuft, vielleicht nur im Hintergrund. Bitte beenden und dann wiederholen."
LangString IS_NEWER ${LANG_ENGLISH} "A newer ${NAME} is installed. An older one cannot read its desks. Nothing was changed."
LangString IS_NEWER ${LANG_GERMAN} "Ein neueres ${NAME} ist installiert. Ein älteres kann dessen Daten nicht lesen. Nichts wurde geändert."

; Both are signed when the builder has a certificate: the uninstaller first, since it lies inside the set-up program.
!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"' = 0
  !finalize '${SIGN} "%1"' = 0
!endif

; A program that runs keeps its file from being opened for writing. It is asked for, never ended: somebody may be typing.
!macro REFUSE_WHILE_RUNNING FILE
  ${Do}
    ${IfNot} ${FileExists} "$INSTDIR\${FILE}"
      ${ExitDo}
    ${EndIf}
    ClearErrors
    FileOpen $0 "$INSTDIR\${FILE}" a
    ${IfNot} ${Errors}
      FileClose $0
      ${ExitDo}
    ${EndIf}
    ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(IS_RUNNING)" /SD IDCANCEL IDCANCEL`
      SetErrorLevel 5
      Abort
    ${EndIf}
  ${Loop}
!macroend

Function .onInit
  ${IfNot} ${RunningX64}
  ${AndIfNot} ${IsNativeARM64}
    MessageBox MB_OK|MB_ICONSTOP "$(NEEDS_64)" /SD IDOK
    SetErrorLevel 2
    Abort
  ${EndIf}
  ReadRegStr $0 HKCU "${REMOVAL}" "DisplayVersion"
  ${If} $0 != ""
    ${VersionCompare} "$0" "${VERSION}" $1
    ${If} $1 == 1
      MessageBox MB_OK|MB_ICONSTOP "$(IS_NEWER)" /SD IDOK
      SetErrorLevel 6
      Abort
    ${EndIf}
  ${EndIf}
FunctionEnd

Function RefuseWhileRunning
  !insertmacro REFUSE_WHILE_RUNNING "${PROGRAM}"
  !insertmacro REFUSE_WHILE_RUNNING "${CONSOLE}"
FunctionEnd

Function un.RefuseWhileRunning
  !insertmacro REFUSE_WHILE_RUNNING "${PROGRAM}"
  !insertmacro REFUSE_WHILE_RUNNING "${CONSOLE}"
FunctionEnd

Section "Install"
  Call RefuseWhileRunning
  ; In place: what the last version brought goes, so that no file of it stays among the new ones. No desk lies here.
  RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${TREE}${SEPARATOR}*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "Software\${NAME}" "InstallDir" "$INSTDIR"

  WriteRegStr HKCU "${REMOVAL}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${REMOVAL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${REMOVAL}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "${REMOVAL}" "Publisher" "Deskbell contributors"
  WriteRegStr HKCU "${REMOVAL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${REMOVAL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${REMOVAL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${REMOVAL}" "NoModify" 1
  WriteRegDWORD HKCU "${REMOVAL}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKCU "${REMOVAL}" "EstimatedSize" "$0"

  ; Offered under Default apps, never forced.
  WriteRegStr HKCU "Software\Classes\${LINK}" "" "${NAME}"
  WriteRegStr HKCU "Software\Classes\${LINK}\DefaultIcon" "" "$INSTDIR\${PROGRAM},0"
  WriteRegStr HKCU "Software\Classes\${LINK}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegStr HKCU "Software\${NAME}\Capabilities" "ApplicationName" "${NAME}"
  WriteRegStr HKCU "Software\${NAME}\Capabilities" "ApplicationDescription" "A help desk on your own computer"
  WriteRegStr HKCU "Software\${NAME}\Capabilities\URLAssociations" "mailto" "${LINK}"
  WriteRegStr HKCU "Software\${NAME}\Capabilities\URLAssociations" "tel" "${LINK}"
  WriteRegStr HKCU "Software\${NAME}\Capabilities\FileAssociations" ".deskbell" "${BACKUP}"
  WriteRegStr HKCU "Software\RegisteredApplications" "${NAME}" "Software\${NAME}\Capabilities"
  WriteRegStr HKCU "Software\Classes\${BACKUP}" "" "${NAME} backup"
  WriteRegStr HKCU "Software\Classes\${BACKUP}\DefaultIcon" "" "$INSTDIR\${PROGRAM},0"
  WriteRegStr HKCU "Software\Classes\${BACKUP}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegStr HKCU "Software\Classes\.deskbell\OpenWithProgids" "${BACKUP}" ""
  ${RefreshShellIcons}
SectionEnd

Section "Uninstall"
  Call un.RefuseWhileRunning
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\${PROGRAM}"
  Delete "$INSTDIR\${CONSOLE}"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${NAME}"
  DeleteRegValue HKCU "Software\RegisteredApplications" "${NAME}"
  DeleteRegValue HKCU "Software\Classes\.deskbell\OpenWithProgids" "${BACKUP}"
  DeleteRegKey HKCU "Software\Classes\${BACKUP}"
  DeleteRegKey HKCU "Software\Classes\${LINK}"
  DeleteRegKey HKCU "Software\${NAME}"
  DeleteRegKey HKCU "${REMOVAL}"
  ${un.RefreshShellIcons}
  ; Every desk in %LOCALAPPDATA%\deskbell stays, and so do the passwords in the Credential Manager.
SectionEnd
